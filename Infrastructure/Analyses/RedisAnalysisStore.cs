using System.Runtime.CompilerServices;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Hosting;
using Microsoft.Extensions.Options;
using OpenTelemetry.Instrumentation.StackExchangeRedis;
using StackExchange.Redis;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// Analyses in Redis, one script a write. All keys share the hash tag <c>{df}</c>, so that a cluster keeps them on one node. Run the
/// server with <c>appendonly yes</c>, and with <c>appendfsync always</c> where a power cut must not take the last second: what it
/// acknowledged is what "accepted" means. A finished record stays for a while after it was announced; history has it for good.
/// </summary>
public sealed class RedisAnalysisStore : IAnalysisStore, IPrepared, IDisposable
{
    private const string Unpublished = "{df}:unpublished";
    private const string Unfinished = "{df}:unfinished";
    private const string Deadline = "{df}:deadline";
    private const string Unannounced = "{df}:unannounced";
    private const string Deleted = "{df}:deleted";
    private const string Counts = "{df}:active";
    private const string Open = "{df}:open:"; // and the tenant

    // A lost notification costs a watcher this long.
    private static readonly TimeSpan WatchPoll = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan WatchPatience = TimeSpan.FromSeconds(30);
    private static readonly RedisValue[] StateFields = ["record", "status", "stage", "percent", "events", "changed", "started"];
    private readonly RedisConnection _redis;
    private readonly AnalysisStoreOptions _options;
    private readonly TimeProvider _time;

    /// <summary>Creates the store; nothing is sent yet.</summary>
    /// <param name="configuration">As StackExchange.Redis reads it: <c>host:6379,password=…</c>.</param>
    /// <param name="options">How long to remember.</param>
    /// <param name="time">Clock of events.</param>
    /// <param name="instrumentation">Makes spans of the commands; null for none.</param>
    public RedisAnalysisStore(string configuration, IOptions<AnalysisStoreOptions> options, TimeProvider time, StackExchangeRedisInstrumentation? instrumentation = null) =>
        (_redis, _options, _time) = (new RedisConnection(configuration, time, instrumentation), options.Value, time);

    /// <inheritdoc/>
    public async Task CreateAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        var id = record.Id;
        var allowed = record.Concurrency;
        var outcome = await RunAsync(
            RedisScripts.Create,
            [Key(id), Parts(id), Events(id), Unpublished, Unfinished, Deadline, Tombstone(id), Open + record.Tenant, Counts],
            [
                id, record.Tenant, Serialize(record), Event(AnalysisStatus.Accepted, Stage.Queued, 0), Milliseconds(record.AcceptedAt),
                Milliseconds(record.Deadline), Microseconds(record.AcceptedAt), Now(), allowed?.KeyId ?? "", allowed?.OfKey ?? -1, allowed?.OfTenant ?? -1,
            ],
            cancellationToken);
        if (outcome == 0) throw AnalysisGuards.Exists(id);
        if (outcome == 2) throw new ConcurrencyExceededException(allowed!.OfKey!.Value, ofTenant: false);
        if (outcome == 3) throw new ConcurrencyExceededException(allowed!.OfTenant!.Value, ofTenant: true);
    }

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } state && state.Record.Tenant == tenant ? state : null;

    /// <inheritdoc/>
    public Task<AnalysisState?> FindAsync(string id, CancellationToken cancellationToken) =>
        _redis.CallAsync(async db => ReadState(await db.HashGetAsync(Key(id), StateFields)), cancellationToken);

    /// <inheritdoc/>
    public Task MarkPublishedAsync(string id, CancellationToken cancellationToken) =>
        _redis.CallAsync(db => db.SortedSetRemoveAsync(Unpublished, id), cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnpublishedAsync(DateTimeOffset acceptedBefore, int limit, CancellationToken cancellationToken) =>
        FindAsync(Unpublished, Milliseconds(acceptedBefore), limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> ListOpenAsync(string tenant, HistoryCursor? after, int limit, CancellationToken cancellationToken) =>
        _redis.CallAsync<IReadOnlyList<AnalysisState>>(
            async db =>
            {
                // Scores are exact: microseconds of this century need 51 bits.
                var newest = after is { } place ? Microseconds(place.CreatedAt) : double.PositiveInfinity;
                var found = new List<AnalysisState>();
                for (var skip = 0L; found.Count < limit; skip += limit)
                {
                    var entries = await db.SortedSetRangeByScoreWithScoresAsync(Open + tenant, stop: newest, order: Order.Descending, skip: skip, take: limit);
                    var ids = entries.Where(entry => entry.Score < newest || string.CompareOrdinal(entry.Element, after!.Value.Id) < 0).Select(entry => (string)entry.Element!);
                    var rows = await Task.WhenAll(ids.Select(id => db.HashGetAsync(Key(id), StateFields)));
                    found.AddRange(rows.Select(ReadState).OfType<AnalysisState>());
                    if (entries.Length < limit) break;
                }

                return found.Count > limit ? found[..limit] : found;
            },
            cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnfinishedAsync(int limit, CancellationToken cancellationToken) =>
        FindAsync(Unfinished, double.PositiveInfinity, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        FindAsync(Deadline, Milliseconds(now), limit, cancellationToken);

    /// <inheritdoc/>
    public Task<long> CountUnfinishedAsync(CancellationToken cancellationToken) =>
        _redis.CallAsync(db => db.SortedSetLengthAsync(Unfinished), cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AddPartAsync(string id, PartKey key, ReadOnlyMemory<byte> json, CancellationToken cancellationToken) =>
        ScriptAsync(RedisScripts.AddPart, [Key(id), Parts(id)], [key.ToString(), json.ToArray()], cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>> GetPartsAsync(string id, CancellationToken cancellationToken) =>
        _redis.CallAsync<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>>(
            async db => (await db.HashGetAllAsync(Parts(id))).ToDictionary(entry => PartKey.Parse(entry.Name!), entry => (ReadOnlyMemory<byte>)(byte[])entry.Value!),
            cancellationToken);

    /// <inheritdoc/>
    public Task<bool> AdvanceAsync(string id, Stage stage, double percent, CancellationToken cancellationToken)
    {
        AnalysisGuards.ThrowIfNoPercent(percent);
        return ScriptAsync(
            RedisScripts.Advance,
            [Key(id), Parts(id), Events(id)],
            [Name(stage), (int)stage, percent, Event(AnalysisStatus.Running, stage, percent), Now()],
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TryFinishAsync(string id, Analysis result, CancellationToken cancellationToken)
    {
        AnalysisGuards.ThrowIfNotFinal(id, result);
        return ScriptAsync(
            RedisScripts.Finish,
            [Key(id), Parts(id), Events(id), Unpublished, Unfinished, Deadline, Unannounced, Counts],
            [
                id, Name(result.Status), result.Progress, Serialize(result), Event(result.Status, Stage.Done, result.Progress),
                Milliseconds(_time.GetUtcNow()), Now(),
            ],
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindResultAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var fields = await _redis.CallAsync(db => db.HashGetAsync(Key(id), ["tenant", "result"]), cancellationToken);
        return fields[0] == tenant && !fields[1].IsNull ? Deserialize<Analysis>(fields[1]) : null;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnannouncedAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) =>
        FindAsync(Unannounced, Milliseconds(finishedBefore), limit, cancellationToken);

    /// <inheritdoc/>
    public Task MarkAnnouncedAsync(string id, CancellationToken cancellationToken) => ScriptAsync(
        RedisScripts.Announce, [Key(id), Parts(id), Events(id), Unannounced], [id, (long)Math.Ceiling(_options.Retention.TotalSeconds), Open], cancellationToken);

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken) => ScriptAsync(
        RedisScripts.Delete,
        [Key(id), Parts(id), Events(id), Unpublished, Unfinished, Deadline, Unannounced, Tombstone(id), Deleted, Open + tenant, Counts],
        [id, tenant, Milliseconds(_time.GetUtcNow()), (long)Math.Ceiling(_options.Tombstones.TotalSeconds)],
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeletedAnalysis>> FindDeletedAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var oldest = _time.GetUtcNow() - _options.Tombstones;
        var entries = await _redis.CallAsync(
            db => db.SortedSetRangeByScoreWithScoresAsync(Deleted, Milliseconds(since > oldest ? since : oldest)), cancellationToken);
        return
        [
            .. entries.Select(entry =>
            {
                var member = (string)entry.Element!;
                var slash = member.LastIndexOf('/');
                return new DeletedAnalysis(member[..slash], member[(slash + 1)..], DateTimeOffset.FromUnixTimeMilliseconds((long)entry.Score));
            }),
        ];
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<AnalysisEvent> WatchAsync(string id, long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var news = new SemaphoreSlim(0, 1);
        await using var subscription = await _redis.SubscribeAsync(
            Events(id),
            () =>
            {
                try
                {
                    if (news.CurrentCount == 0) news.Release();
                }
                catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
                {
                    // Two notifications at once are one; a late one has nobody to tell.
                }
            },
            cancellationToken);
        var lastAnswer = _time.GetTimestamp();
        for (var next = Math.Max(0, afterSequence); ;)
        {
            WatchPage? page = null;
            try
            {
                page = await _redis.CallAsync(db => ReadEventsAsync(db, id, next), cancellationToken);
                lastAnswer = _time.GetTimestamp();
            }
            catch (Exception e) when (e is RedisException or TimeoutException && _time.GetElapsedTime(lastAnswer) < WatchPatience)
            {
                // The server restarts: watchers stay on.
            }

            foreach (var happened in page?.Events ?? [])
            {
                next = happened.Sequence;
                yield return happened;
            }

            if (page is { IsLast: true }) yield break;
            await news.WaitAsync(WatchPoll, cancellationToken);
        }
    }

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken) => _redis.CallAsync(db => db.PingAsync(), cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _redis.Dispose();

    private static string Key(string id) => $"{{df}}:a:{id}";

    private static string Parts(string id) => $"{{df}}:p:{id}";

    private static string Events(string id) => $"{{df}}:e:{id}";

    private static string Tombstone(string id) => $"{{df}}:gone:{id}";

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static double Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static long Microseconds(DateTimeOffset at) => (at.UtcTicks - DateTimeOffset.UnixEpoch.UtcTicks) / 10;

    private static DateTimeOffset Time(RedisValue ticks) => new((long)ticks, TimeSpan.Zero);

    private static byte[] Serialize<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, DeepfakeJson.Options);

    private static T Deserialize<T>(RedisValue json) =>
        JsonSerializer.Deserialize<T>((byte[])json!, DeepfakeJson.Options) ?? throw new InvalidDataException("Redis holds an empty document.");

    private static AnalysisState? ReadState(RedisValue[] fields) => fields[0].IsNull ? null : new AnalysisState
    {
        Record = Deserialize<AnalysisRecord>(fields[0]),
        Status = Enum.Parse<AnalysisStatus>(fields[1]!, ignoreCase: true),
        Stage = Enum.Parse<Stage>(fields[2]!, ignoreCase: true),
        Percent = (double)fields[3],
        Sequence = (long)fields[4],
        ChangedAt = Time(fields[5]),
        StartedAt = fields[6].IsNull ? null : Time(fields[6]),
    };

    private static async Task<WatchPage> ReadEventsAsync(IDatabase db, string id, long after)
    {
        // Asked first: an analysis that was over then has all its events in the list that is read next.
        var status = await db.HashGetAsync(Key(id), "status");
        var entries = await db.ListRangeAsync(Events(id), after);
        var events = entries.Select((entry, i) => Deserialize<AnalysisEvent>(entry) with { Sequence = after + i + 1 }).ToList();
        return new WatchPage(events, status.IsNull || (status != "accepted" && status != "running"));
    }

    private RedisValue Now() => _time.GetUtcNow().UtcTicks;

    private RedisValue Event(AnalysisStatus status, Stage stage, double percent) =>
        Serialize(new AnalysisEvent { Sequence = 0, At = _time.GetUtcNow(), Status = status, Stage = stage, Percent = percent });

    private async Task<bool> ScriptAsync(string script, string[] keys, RedisValue[] arguments, CancellationToken cancellationToken) =>
        await RunAsync(script, keys, arguments, cancellationToken) == 1;

    private Task<int> RunAsync(string script, string[] keys, RedisValue[] arguments, CancellationToken cancellationToken) => _redis.CallAsync(
        async db => (int)await db.ScriptEvaluateAsync(script, Array.ConvertAll(keys, key => (RedisKey)key), arguments), cancellationToken);

    private Task<IReadOnlyList<AnalysisState>> FindAsync(string index, double before, int limit, CancellationToken cancellationToken) =>
        _redis.CallAsync<IReadOnlyList<AnalysisState>>(
            async db =>
            {
                var ids = await db.SortedSetRangeByScoreAsync(index, stop: before, exclude: double.IsInfinity(before) ? Exclude.None : Exclude.Stop, take: limit);
                var rows = await Task.WhenAll(ids.Select(id => db.HashGetAsync(Key((string)id!), StateFields)));
                return [.. rows.Select(ReadState).OfType<AnalysisState>()];
            },
            cancellationToken);

    private sealed record WatchPage(IReadOnlyList<AnalysisEvent> Events, bool IsLast);
}
