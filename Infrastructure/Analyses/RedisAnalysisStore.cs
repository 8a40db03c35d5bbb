using System.Runtime.CompilerServices;
using System.Text.Json;
using Deepfake.Contracts;
using Microsoft.Extensions.Options;
using StackExchange.Redis;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// Analyses in one Redis (a primary with replicas is fine, a cluster is not: scripts touch several keys). Run it with
/// <c>appendonly yes</c> and <c>appendfsync always</c> or <c>everysec</c>: what it acknowledged is what "accepted" means. Finished records stay
/// for a while after they were announced; history has them for good.
/// </summary>
public sealed class RedisAnalysisStore(string configuration, IOptions<AnalysisStoreOptions> options, TimeProvider time) : IAnalysisStore, IDisposable
{
    private static readonly RedisKey Unpublished = "df:unpublished";
    private static readonly RedisKey Unfinished = "df:unfinished";
    private static readonly RedisKey Deadline = "df:deadline";
    private static readonly RedisKey Unannounced = "df:unannounced";
    private static readonly RedisKey Deleted = "df:deleted";

    // A lost notification costs a watcher this long.
    private static readonly TimeSpan WatchPoll = TimeSpan.FromSeconds(2);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile ConnectionMultiplexer? _connection;

    /// <inheritdoc/>
    public async Task CreateAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        var created = await db.ScriptEvaluateAsync(
            RedisScripts.Create,
            [Key(record.Id), Parts(record.Id), Events(record.Id), Unpublished, Unfinished, Deadline, Tombstone(record.Id)],
            [record.Id, record.Tenant, Serialize(record), Event(AnalysisStatus.Accepted, Stage.Queued, 0), Milliseconds(record.AcceptedAt), Milliseconds(record.Deadline)]);
        if ((int)created == 0) throw new InvalidOperationException($"Analysis '{record.Id}' exists.");
    }

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } state && state.Record.Tenant == tenant ? state : null;

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        var fields = await db.HashGetAsync(Key(id), ["record", "status", "stage", "percent"]);
        return fields[0].IsNull ? null : new AnalysisState
        {
            Record = Deserialize<AnalysisRecord>(fields[0]),
            Status = Enum.Parse<AnalysisStatus>(fields[1]!, ignoreCase: true),
            Stage = Enum.Parse<Stage>(fields[2]!, ignoreCase: true),
            Percent = (double)fields[3],
        };
    }

    /// <inheritdoc/>
    public async Task MarkPublishedAsync(string id, CancellationToken cancellationToken) =>
        await (await ConnectAsync(cancellationToken)).SortedSetRemoveAsync(Unpublished, id);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnpublishedAsync(DateTimeOffset acceptedBefore, int limit, CancellationToken cancellationToken) =>
        FindAsync(Unpublished, Milliseconds(acceptedBefore), limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnfinishedAsync(int limit, CancellationToken cancellationToken) =>
        FindAsync(Unfinished, double.PositiveInfinity, limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        FindAsync(Deadline, Milliseconds(now), limit, cancellationToken);

    /// <inheritdoc/>
    public async Task<long> CountUnfinishedAsync(CancellationToken cancellationToken) =>
        await (await ConnectAsync(cancellationToken)).SortedSetLengthAsync(Unfinished);

    /// <inheritdoc/>
    public async Task<bool> AddPartAsync(string id, PartKey key, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        return (int)await db.ScriptEvaluateAsync(RedisScripts.AddPart, [Key(id), Parts(id)], [key.ToString(), json.ToArray()]) == 1;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>> GetPartsAsync(string id, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        var entries = await db.HashGetAllAsync(Parts(id));
        return entries.ToDictionary(entry => PartKey.Parse(entry.Name!), entry => (ReadOnlyMemory<byte>)(byte[])entry.Value!);
    }

    /// <inheritdoc/>
    public async Task<bool> AdvanceAsync(string id, Stage stage, double percent, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        return (int)await db.ScriptEvaluateAsync(
            RedisScripts.Advance,
            [Key(id), Parts(id), Events(id)],
            [Name(stage), (int)stage, percent, Event(AnalysisStatus.Running, stage, percent)]) == 1;
    }

    /// <inheritdoc/>
    public async Task<bool> TryFinishAsync(string id, Analysis result, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        return (int)await db.ScriptEvaluateAsync(
            RedisScripts.Finish,
            [Key(id), Parts(id), Events(id), Unpublished, Unfinished, Deadline, Unannounced],
            [
                id, Name(result.Status), result.Progress, Serialize(result), Event(result.Status, Stage.Done, result.Progress),
                Milliseconds(time.GetUtcNow()),
            ]) == 1;
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindResultAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        var fields = await db.HashGetAsync(Key(id), ["tenant", "result"]);
        return fields[0] == tenant && !fields[1].IsNull ? Deserialize<Analysis>(fields[1]) : null;
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnannouncedAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) =>
        FindAsync(Unannounced, Milliseconds(finishedBefore), limit, cancellationToken);

    /// <inheritdoc/>
    public async Task MarkAnnouncedAsync(string id, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        await db.ScriptEvaluateAsync(RedisScripts.Announce, [Key(id), Parts(id), Events(id), Unannounced], [id, (long)options.Value.Retention.TotalSeconds]);
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        return (int)await db.ScriptEvaluateAsync(
            RedisScripts.Delete,
            [Key(id), Parts(id), Events(id), Unpublished, Unfinished, Deadline, Unannounced, Tombstone(id), Deleted],
            [id, tenant, Milliseconds(time.GetUtcNow()), (long)options.Value.Tombstones.TotalSeconds]) == 1;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeletedAnalysis>> FindDeletedAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        var entries = await db.SortedSetRangeByScoreWithScoresAsync(Deleted, Milliseconds(since));
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
        var db = await ConnectAsync(cancellationToken);
        var subscriber = db.Multiplexer.GetSubscriber();
        using var news = new SemaphoreSlim(0, 1);
        var channel = (RedisChannel)(string)Events(id)!;
        void Notify(RedisChannel from, RedisValue message)
        {
            try
            {
                if (news.CurrentCount == 0) news.Release();
            }
            catch (Exception e) when (e is SemaphoreFullException or ObjectDisposedException)
            {
                // Two notifications at once are one; a late one has nobody to tell.
            }
        }

        await subscriber.SubscribeAsync(channel, Notify);
        try
        {
            for (var next = afterSequence; ;)
            {
                foreach (var entry in await db.ListRangeAsync(Events(id), next))
                {
                    var happened = Deserialize<AnalysisEvent>(entry) with { Sequence = ++next };
                    yield return happened;
                    if (happened.IsTerminal) yield break;
                }

                var status = await db.HashGetAsync(Key(id), "status");
                if (status.IsNull) yield break;
                // Over, and everything was read before: the caller had already seen the end.
                if (status != "accepted" && status != "running" && next >= await db.ListLengthAsync(Events(id))) yield break;
                await news.WaitAsync(WatchPoll, cancellationToken);
            }
        }
        finally
        {
            await subscriber.UnsubscribeAsync(channel, Notify);
        }
    }

    /// <summary>Asks the server for a sign of life; throws when there is none.</summary>
    public async Task PingAsync(CancellationToken cancellationToken) => await (await ConnectAsync(cancellationToken)).PingAsync();

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection?.Dispose();
        _gate.Dispose();
    }

    private static RedisKey Key(string id) => $"df:a:{id}";

    private static RedisKey Parts(string id) => $"df:p:{id}";

    private static RedisKey Events(string id) => $"df:e:{id}";

    private static RedisKey Tombstone(string id) => $"df:gone:{id}";

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();

    private static double Milliseconds(DateTimeOffset at) => at.ToUnixTimeMilliseconds();

    private static byte[] Serialize<T>(T value) => JsonSerializer.SerializeToUtf8Bytes(value, DeepfakeJson.Options);

    private static T Deserialize<T>(RedisValue json) =>
        JsonSerializer.Deserialize<T>((byte[])json!, DeepfakeJson.Options) ?? throw new InvalidDataException("Redis holds an empty document.");

    private RedisValue Event(AnalysisStatus status, Stage stage, double percent) =>
        Serialize(new AnalysisEvent { Sequence = 0, At = time.GetUtcNow(), Status = status, Stage = stage, Percent = percent });

    private async Task<IReadOnlyList<AnalysisState>> FindAsync(RedisKey index, double until, int limit, CancellationToken cancellationToken)
    {
        var db = await ConnectAsync(cancellationToken);
        var ids = await db.SortedSetRangeByScoreAsync(index, stop: until, take: limit);
        var states = new List<AnalysisState>(ids.Length);
        foreach (var id in ids)
        {
            if (await FindAsync((string)id!, cancellationToken) is { } state) states.Add(state);
            else await db.SortedSetRemoveAsync(index, id); // expired: nothing left to do for it
        }

        return states;
    }

    private async ValueTask<IDatabase> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connection is { } ready) return ready.GetDatabase();
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_connection is null)
            {
                var settings = ConfigurationOptions.Parse(configuration);
                settings.AbortOnConnectFail = false; // keeps trying, so a server that comes later is found
                _connection = await ConnectionMultiplexer.ConnectAsync(settings);
            }

            return _connection.GetDatabase();
        }
        finally
        {
            _gate.Release();
        }
    }
}
