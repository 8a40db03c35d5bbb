using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Hosting;
using OpenTelemetry.Instrumentation.StackExchangeRedis;
using StackExchange.Redis;

namespace Deepfake.Infrastructure.Limits;

/// <summary>Limits in Redis: one script decides on all claims of a request at the server's own time, whichever gateway asks.</summary>
internal sealed class RedisLimiter(string configuration, TimeProvider time, StackExchangeRedisInstrumentation? instrumentation = null) : ILimiter, IPrepared, IDisposable
{
    // Per key four arguments: kind, limit, amount, interval. Lua's numbers are exact up to 2^53, microseconds since 1970 below that till 2255.
    private const string Take = """
        local clock = redis.call('TIME')
        local now = clock[1] * 1000000 + clock[2]
        local day = 86400000000
        local today = math.floor(now / day)
        local granted, states = 1, {}
        for i, key in ipairs(KEYS) do
          local kind, limit, amount, interval = ARGV[4 * i - 3], tonumber(ARGV[4 * i - 2]), tonumber(ARGV[4 * i - 1]), tonumber(ARGV[4 * i])
          local held, next, wait
          if kind == 'rate' then
            held = tonumber(redis.call('GET', key) or '0')
            next = math.max(held, now) + amount * interval
            wait = math.max(0, next - now - limit * interval)
          else
            local stored = redis.call('HMGET', key, 'day', 'used')
            held = tonumber(stored[1] or '-1') == today and tonumber(stored[2]) or 0
            next = held + amount
            wait = next > limit and day - now % day or 0
          end
          if wait > 0 then granted = 0 end
          states[i] = { kind, limit, interval, held, next, wait }
        end
        local answer = { granted }
        for i, key in ipairs(KEYS) do
          local kind, limit, interval, held, next, wait = unpack(states[i])
          if kind == 'rate' then
            if granted == 1 then
              held = next
              redis.call('SET', key, string.format('%.0f', held), 'PX', math.ceil((held - now) / 1000) + 1000)
            end
            local missing = math.max(0, held - now)
            answer[#answer + 1] = math.floor((limit * interval - missing) / interval)
            answer[#answer + 1] = missing
          else
            if granted == 1 then
              held = next
              redis.call('HSET', key, 'day', today, 'used', string.format('%.0f', held))
              redis.call('EXPIRE', key, 172800)
            end
            answer[#answer + 1] = limit - held
            answer[#answer + 1] = day - now % day
          end
          answer[#answer + 1] = wait
        end
        return answer
        """;

    private const string Correct = """
        local today = math.floor(redis.call('TIME')[1] / 86400)
        local stored = redis.call('HMGET', KEYS[1], 'day', 'used')
        local used = tonumber(stored[1] or '-1') == today and tonumber(stored[2]) or 0
        redis.call('HSET', KEYS[1], 'day', today, 'used', string.format('%.0f', math.max(0, used + tonumber(ARGV[1]))))
        redis.call('EXPIRE', KEYS[1], 172800)
        return 1
        """;

    private readonly RedisConnection _redis = new(configuration, time, instrumentation);

    public async Task<LimitDecision> TakeAsync(IReadOnlyList<LimitClaim> claims, CancellationToken cancellationToken)
    {
        var arguments = new List<RedisValue>(4 * claims.Count);
        foreach (var claim in claims) arguments.AddRange([claim.Kind == LimitKind.Rate ? "rate" : "day", claim.Limit, claim.Amount, claim.Microseconds]);
        var answer = await _redis.CallAsync(
            async db => (long[])(await db.ScriptEvaluateAsync(Take, [.. claims.Select(claim => (RedisKey)Key(claim.Name))], [.. arguments]))!, cancellationToken);
        return new LimitDecision(answer[0] == 1, [.. claims.Select((_, i) => LimitArithmetic.State(answer[(3 * i) + 1], answer[(3 * i) + 2], answer[(3 * i) + 3]))]);
    }

    public Task CorrectAsync(string name, long amount, CancellationToken cancellationToken) =>
        _redis.CallAsync(db => db.ScriptEvaluateAsync(Correct, [Key(name)], [amount]), cancellationToken);

    /// <summary>Connects, so that the first request does not have to; one that comes before waits no longer than the gateway lets it.</summary>
    public Task PrepareAsync(CancellationToken cancellationToken) =>
        PingAsync(cancellationToken).ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    public Task PingAsync(CancellationToken cancellationToken) => _redis.CallAsync(db => db.PingAsync(), cancellationToken);

    public void Dispose() => _redis.Dispose();

    private static string Key(string name) => $"{{df}}:l:{name}";
}
