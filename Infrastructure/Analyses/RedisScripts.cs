namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// The writes of <see cref="RedisAnalysisStore"/>, each one atomic on the server. KEYS[1] is the analysis' hash, KEYS[2] its parts, KEYS[3]
/// its events; the sorted sets follow where a script needs them. The channel is the name of the events list.
/// </summary>
internal static class RedisScripts
{
    private const string IsOver = "local s = redis.call('HGET', KEYS[1], 'status'); if not s or s == 'completed' or s == 'failed' or s == 'cancelled' then return 0 end ";

    /// <summary>
    /// Takes an analysis that is not over off the counts of its tenant and key, in the hash whose name follows. Those of an older release
    /// were never counted.
    /// </summary>
    private const string Uncount = """
        local function uncount(counts)
          local h = redis.call('HMGET', KEYS[1], 'tenant', 'key')
          if not h[2] then return end
          for _, field in ipairs({ 't:' .. h[1], 'k:' .. h[2] }) do
            if field ~= 'k:' and redis.call('HINCRBY', counts, field, -1) <= 0 then redis.call('HDEL', counts, field) end
          end
        end

        """;

    /// <summary>
    /// KEYS 4 unpublished, 5 unfinished, 6 deadline, 7 tombstone, 8 open, 9 counts. ARGV: id, tenant, record, event, accepted ms, deadline
    /// ms, accepted µs, now in ticks, key or nothing, limit of the key, of the tenant (-1 for none). Answers 2 or 3 where one is reached.
    /// </summary>
    public const string Create = """
        if redis.call('EXISTS', KEYS[1]) == 1 or redis.call('EXISTS', KEYS[7]) == 1 then return 0 end
        local function full(field, limit) return tonumber(limit) >= 0 and tonumber(redis.call('HGET', KEYS[9], field) or '0') >= tonumber(limit) end
        if full('k:' .. ARGV[9], ARGV[10]) then return 2 end
        if full('t:' .. ARGV[2], ARGV[11]) then return 3 end
        redis.call('HINCRBY', KEYS[9], 't:' .. ARGV[2], 1)
        if ARGV[9] ~= '' then redis.call('HINCRBY', KEYS[9], 'k:' .. ARGV[9], 1) end
        redis.call('HMSET', KEYS[1], 'tenant', ARGV[2], 'record', ARGV[3], 'status', 'accepted', 'stage', 'queued', 'order', 0, 'percent', 0, 'events', 1, 'changed', ARGV[8], 'key', ARGV[9])
        redis.call('RPUSH', KEYS[3], ARGV[4])
        redis.call('ZADD', KEYS[4], ARGV[5], ARGV[1])
        redis.call('ZADD', KEYS[5], ARGV[5], ARGV[1])
        redis.call('ZADD', KEYS[6], ARGV[6], ARGV[1])
        redis.call('ZADD', KEYS[8], ARGV[7], ARGV[1])
        return 1
        """;

    /// <summary>ARGV: part key, JSON.</summary>
    public const string AddPart = IsOver + "return redis.call('HSETNX', KEYS[2], ARGV[1], ARGV[2])";

    /// <summary>ARGV: stage, its order, percent, event, now in ticks.</summary>
    public const string Advance = IsOver + """
        if tonumber(ARGV[3]) <= tonumber(redis.call('HGET', KEYS[1], 'percent')) then return 0 end
        redis.call('HMSET', KEYS[1], 'status', 'running', 'percent', ARGV[3])
        local event = ARGV[4]
        if tonumber(ARGV[2]) >= tonumber(redis.call('HGET', KEYS[1], 'order')) then
          redis.call('HMSET', KEYS[1], 'stage', ARGV[1], 'order', ARGV[2])
        else
          -- A late report of an earlier stage moves the percent, never the stage.
          event = string.gsub(event, '"stage":"[a-z]+"', '"stage":"' .. redis.call('HGET', KEYS[1], 'stage') .. '"')
        end
        redis.call('HMSET', KEYS[1], 'events', redis.call('RPUSH', KEYS[3], event), 'changed', ARGV[5])
        redis.call('HSETNX', KEYS[1], 'started', ARGV[5])
        redis.call('PUBLISH', KEYS[3], '')
        return 1
        """;

    /// <summary>KEYS 4 unpublished, 5 unfinished, 6 deadline, 7 unannounced, 8 counts. ARGV: id, status, percent, result, event, now ms, now in ticks.</summary>
    public const string Finish = Uncount + IsOver + """
        uncount(KEYS[8])
        redis.call('HMSET', KEYS[1], 'status', ARGV[2], 'stage', 'done', 'order', 9, 'percent', ARGV[3], 'result', ARGV[4])
        redis.call('DEL', KEYS[2])
        redis.call('HMSET', KEYS[1], 'events', redis.call('RPUSH', KEYS[3], ARGV[5]), 'changed', ARGV[7])
        redis.call('ZREM', KEYS[4], ARGV[1])
        redis.call('ZREM', KEYS[5], ARGV[1])
        redis.call('ZREM', KEYS[6], ARGV[1])
        redis.call('ZADD', KEYS[7], ARGV[6], ARGV[1])
        redis.call('PUBLISH', KEYS[3], '')
        return 1
        """;

    /// <summary>
    /// KEYS 4 unannounced. ARGV: id, seconds to keep, key of the open ones without its tenant, which only the hash knows. Nothing expires
    /// before it was announced.
    /// </summary>
    public const string Announce = """
        local s = redis.call('HGET', KEYS[1], 'status')
        if not s or s == 'accepted' or s == 'running' then return 0 end
        redis.call('ZREM', KEYS[4], ARGV[1])
        redis.call('ZREM', ARGV[3] .. redis.call('HGET', KEYS[1], 'tenant'), ARGV[1])
        redis.call('EXPIRE', KEYS[1], ARGV[2])
        redis.call('EXPIRE', KEYS[3], ARGV[2])
        return 1
        """;

    /// <summary>
    /// KEYS 4 unpublished, 5 unfinished, 6 deadline, 7 unannounced, 8 tombstone, 9 deleted, 10 open, 11 counts. ARGV: id, tenant, now ms, seconds to remember.
    /// </summary>
    public const string Delete = Uncount + """
        if redis.call('HGET', KEYS[1], 'tenant') ~= ARGV[2] then return 0 end
        local s = redis.call('HGET', KEYS[1], 'status')
        if s == 'accepted' or s == 'running' then uncount(KEYS[11]) end
        redis.call('DEL', KEYS[1], KEYS[2], KEYS[3])
        for i = 4, 7 do redis.call('ZREM', KEYS[i], ARGV[1]) end
        redis.call('ZREM', KEYS[10], ARGV[1])
        redis.call('SETEX', KEYS[8], ARGV[4], '')
        redis.call('ZADD', KEYS[9], ARGV[3], ARGV[2] .. '/' .. ARGV[1])
        redis.call('ZREMRANGEBYSCORE', KEYS[9], '-inf', ARGV[3] - ARGV[4] * 1000)
        redis.call('PUBLISH', KEYS[3], '')
        return 1
        """;
}
