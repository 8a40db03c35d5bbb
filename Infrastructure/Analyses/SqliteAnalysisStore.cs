using System.Runtime.CompilerServices;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Persistence.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// Analyses of an embedded host. Changes run one after the other on the writer of the database, so a change may read before it writes. Rows are
/// inserted by SQL: EF Core inserts only what it tracks.
/// </summary>
internal sealed class SqliteAnalysisStore(SqliteDatabase database, IOptions<AnalysisStoreOptions> options, TimeProvider time) : IAnalysisStore
{
    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(1);

    // So that forgetting what a long standstill left does not hold up the writers behind it.
    private const int PruneBatch = 500;
    private readonly AnalysisStoreOptions _options = options.Value;
    private readonly ChangeSignals _signals = new();
    private DateTimeOffset _pruned; // touched by the writer alone

    /// <inheritdoc/>
    public Task CreateAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        var json = Serialize(record);
        return ChangeAsync(record.Id, CreateAsync, cancellationToken);

        async Task<bool> CreateAsync(SqliteContext db, CancellationToken stop)
        {
            await PruneSometimesAsync(db, stop);
            var created = db.Execute(
                $"""
                INSERT INTO analysis_states (id, tenant, key_id, accepted_at, deadline, status, stage, percent, sequence, changed_at, record)
                SELECT {record.Id}, {record.Tenant}, {record.Concurrency?.KeyId}, {record.AcceptedAt}, {record.Deadline}, {Name(AnalysisStatus.Accepted)}, {Name(Stage.Queued)}, 0, 1, {time.GetUtcNow()}, {json}
                WHERE NOT EXISTS (SELECT 1 FROM deleted_analyses WHERE id = {record.Id})
                ON CONFLICT (id) DO NOTHING
                """);
            if (created == 0) throw AnalysisGuards.Exists(record.Id);
            await ThrowIfTooManyAsync(db, record, stop);
            AddEvent(db, record.Id);
            return true;
        }
    }

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } state && state.Record.Tenant == tenant ? state : null;

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string id, CancellationToken cancellationToken) =>
        await ReadAsync((db, stop) => db.States.SingleOrDefaultAsync(row => row.Id == id, stop), cancellationToken) is { } found ? ToState(found) : null;

    /// <inheritdoc/>
    public Task MarkPublishedAsync(string id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        return WriteAsync(
            (db, _) => Task.FromResult(db.Execute($"UPDATE analysis_states SET published_at = {now} WHERE id = {id} AND published_at IS NULL")), cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnpublishedAsync(DateTimeOffset acceptedBefore, int limit, CancellationToken cancellationToken) => ListAsync(
        states => states.Where(row => row.PublishedAt == null && row.FinishedAt == null && row.AcceptedAt < acceptedBefore).OrderBy(row => row.AcceptedAt).ThenBy(row => row.Id), limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> ListOpenAsync(string tenant, HistoryCursor? after, int limit, CancellationToken cancellationToken) => ListAsync(
        states =>
        {
            var open = states.Where(row => row.AnnouncedAt == null && row.Tenant == tenant);
            if (after is { } place)
                open = open.Where(row => row.AcceptedAt <= place.CreatedAt && (row.AcceptedAt < place.CreatedAt || string.Compare(row.Id, place.Id) < 0));
            return open.OrderByDescending(row => row.AcceptedAt).ThenByDescending(row => row.Id);
        },
        limit,
        cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnfinishedAsync(int limit, CancellationToken cancellationToken) => ListAsync(
        states => states.Where(row => row.FinishedAt == null).OrderBy(row => row.AcceptedAt).ThenBy(row => row.Id), limit, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => ListAsync(
        states => states.Where(row => row.FinishedAt == null && row.Deadline < now).OrderBy(row => row.Deadline), limit, cancellationToken);

    /// <inheritdoc/>
    public Task<long> CountUnfinishedAsync(CancellationToken cancellationToken) =>
        ReadAsync((db, stop) => db.States.LongCountAsync(row => row.FinishedAt == null, stop), cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> AddPartAsync(string id, PartKey key, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var (part, content) = (key.ToString(), json.ToArray());
        return await WriteAsync(
            (db, _) => Task.FromResult(db.Execute(
                $"""
                INSERT INTO analysis_parts (analysis_id, part, content)
                SELECT id, {part}, {content} FROM analysis_states WHERE id = {id} AND finished_at IS NULL
                ON CONFLICT (analysis_id, part) DO NOTHING
                """)),
            cancellationToken) > 0;
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>> GetPartsAsync(string id, CancellationToken cancellationToken)
    {
        var parts = await ReadAsync((db, stop) => db.Parts.Where(row => row.AnalysisId == id).ToListAsync(stop), cancellationToken);
        return parts.ToDictionary(row => PartKey.Parse(row.Part), row => (ReadOnlyMemory<byte>)row.Content);
    }

    /// <inheritdoc/>
    public Task<bool> AdvanceAsync(string id, Stage stage, double percent, CancellationToken cancellationToken)
    {
        AnalysisGuards.ThrowIfNoPercent(percent);
        return ChangeAsync(
            id,
            async (db, stop) =>
            {
                var running = db.States.Where(row => row.Id == id && row.FinishedAt == null);
                if (await running.Select(row => new { row.Stage, row.Percent }).SingleOrDefaultAsync(stop) is not { } former || percent <= former.Percent) return false;
                var reached = stage > former.Stage ? stage : former.Stage;
                DateTimeOffset? now = time.GetUtcNow();
                await running.ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Status, AnalysisStatus.Running).SetProperty(row => row.Stage, reached).SetProperty(row => row.Percent, percent)
                        .SetProperty(row => row.Sequence, row => row.Sequence + 1).SetProperty(row => row.ChangedAt, now.Value).SetProperty(row => row.StartedAt, row => row.StartedAt ?? now),
                    stop);
                AddEvent(db, id);
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TryFinishAsync(string id, Analysis result, CancellationToken cancellationToken)
    {
        AnalysisGuards.ThrowIfNotFinal(id, result);
        var json = Serialize(result);
        return ChangeAsync(
            id,
            async (db, stop) =>
            {
                DateTimeOffset? now = time.GetUtcNow();
                var ended = await db.States.Where(row => row.Id == id && row.FinishedAt == null).ExecuteUpdateAsync(
                    set => set.SetProperty(row => row.Status, result.Status).SetProperty(row => row.Stage, Stage.Done).SetProperty(row => row.Percent, result.Progress)
                        .SetProperty(row => row.Sequence, row => row.Sequence + 1).SetProperty(row => row.ChangedAt, now.Value).SetProperty(row => row.FinishedAt, now),
                    stop);
                if (ended == 0) return false;
                await db.Parts.Where(row => row.AnalysisId == id).ExecuteDeleteAsync(stop);
                db.Execute($"INSERT INTO analysis_results (analysis_id, result) VALUES ({id}, {json})");
                AddEvent(db, id);
                return true;
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindResultAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        var json = await ReadAsync(
            (db, stop) => db.Results.Where(row => row.AnalysisId == id && db.States.Any(state => state.Id == id && state.Tenant == tenant)).Select(row => row.Result).SingleOrDefaultAsync(stop),
            cancellationToken);
        return json is null ? null : Deserialize<Analysis>(json);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnannouncedAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) => ListAsync(
        states => states.Where(row => row.AnnouncedAt == null && row.FinishedAt != null && row.FinishedAt < finishedBefore).OrderBy(row => row.FinishedAt), limit, cancellationToken);

    /// <inheritdoc/>
    public Task MarkAnnouncedAsync(string id, CancellationToken cancellationToken)
    {
        DateTimeOffset? now = time.GetUtcNow();
        return WriteAsync(
            (db, stop) => db.States.Where(row => row.Id == id && row.FinishedAt != null && row.AnnouncedAt == null).ExecuteUpdateAsync(set => set.SetProperty(row => row.AnnouncedAt, now), stop),
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken) => ChangeAsync(
        id,
        async (db, stop) =>
        {
            // Its events, parts and result go with it.
            if (await db.States.Where(row => row.Id == id && row.Tenant == tenant).ExecuteDeleteAsync(stop) == 0) return false;
            db.Execute($"INSERT INTO deleted_analyses (id, tenant, at) VALUES ({id}, {tenant}, {time.GetUtcNow()})");
            return true;
        },
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<DeletedAnalysis>> FindDeletedAsync(DateTimeOffset since, CancellationToken cancellationToken) => await ReadAsync(
        (db, stop) => db.Deleted.Where(row => row.At >= since).OrderBy(row => row.At).Select(row => new DeletedAnalysis(row.Tenant, row.Id, row.At)).ToListAsync(stop), cancellationToken);

    /// <inheritdoc/>
    public async IAsyncEnumerable<AnalysisEvent> WatchAsync(string id, long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var watch = _signals.Watch(id);
        for (var last = Math.Max(0, afterSequence); ;)
        {
            // Taken before reading: what happens meanwhile ends it.
            var changed = watch.Changed;
            var (events, ends) = await ReadAsync((db, stop) => ReadEventsAsync(db, id, last, stop), cancellationToken);
            foreach (var happened in events)
            {
                last = happened.Sequence;
                yield return happened;
            }

            if (ends) yield break;
            await changed.WaitAsync(cancellationToken);
        }
    }

    private static async Task<(List<AnalysisEvent> Events, bool Ends)> ReadEventsAsync(SqliteContext db, string id, long after, CancellationToken cancellationToken)
    {
        // Asked first: an analysis that was over then has all its events in the table that is read next.
        var runs = await db.States.AnyAsync(row => row.Id == id && row.FinishedAt == null, cancellationToken);
        var events = await db.Events.Where(row => row.AnalysisId == id && row.Sequence > after).OrderBy(row => row.Sequence).ToListAsync(cancellationToken);
        return (
            [.. events.Select(row => new AnalysisEvent { Sequence = row.Sequence, At = row.At, Status = row.Status, Stage = row.Stage, Percent = row.Percent })],
            !runs);
    }

    /// <summary>Appends the state as it is now to the events.</summary>
    private static void AddEvent(SqliteContext db, string id) => db.Execute(
        $"""
        INSERT INTO analysis_events (analysis_id, sequence, at, status, stage, percent)
        SELECT id, sequence, changed_at, status, stage, percent FROM analysis_states WHERE id = {id}
        """);

    /// <summary>Counts the analyses of key and tenant, the new one among them; the refusal undoes it.</summary>
    private static async Task ThrowIfTooManyAsync(SqliteContext db, AnalysisRecord record, CancellationToken cancellationToken)
    {
        if (record.Concurrency is not { } allowed) return;
        var unfinished = db.States.Where(row => row.FinishedAt == null);
        if (allowed.OfKey is { } ofKey && await unfinished.CountAsync(row => row.KeyId == allowed.KeyId, cancellationToken) > ofKey)
            throw new ConcurrencyExceededException(ofKey, ofTenant: false);
        if (allowed.OfTenant is { } ofTenant && await unfinished.CountAsync(row => row.AnnouncedAt == null && row.Tenant == record.Tenant, cancellationToken) > ofTenant)
            throw new ConcurrencyExceededException(ofTenant, ofTenant: true);
    }

    private static AnalysisState ToState(AnalysisStateRow row) => new()
    {
        Record = Deserialize<AnalysisRecord>(row.Record),
        Status = row.Status,
        Stage = row.Stage,
        Percent = row.Percent,
        Sequence = row.Sequence,
        ChangedAt = row.ChangedAt,
        StartedAt = row.StartedAt,
    };

    private static string Name<T>(T value)
        where T : struct, Enum => value.ToString();

    private static string Serialize<T>(T value) => JsonSerializer.Serialize(value, DeepfakeJson.Options);

    private static T Deserialize<T>(string json) => JsonSerializer.Deserialize<T>(json, DeepfakeJson.Options) ?? throw new InvalidDataException("The database holds an empty document.");

    private Task<T> ReadAsync<T>(Func<SqliteContext, CancellationToken, Task<T>> query, CancellationToken cancellationToken) =>
        database.ReadAsync((db, stop) => query((SqliteContext)db, stop), cancellationToken);

    private Task<T> WriteAsync<T>(Func<SqliteContext, CancellationToken, Task<T>> change, CancellationToken cancellationToken) =>
        database.WriteAsync((db, stop) => change((SqliteContext)db, stop), cancellationToken);

    private async Task<IReadOnlyList<AnalysisState>> ListAsync(Func<IQueryable<AnalysisStateRow>, IQueryable<AnalysisStateRow>> query, int limit, CancellationToken cancellationToken) =>
        [.. (await ReadAsync((db, stop) => query(db.States).Take(limit).ToListAsync(stop), cancellationToken)).Select(ToState)];

    /// <summary>Makes a change that watchers hear of.</summary>
    /// <returns>False if there was nothing to change.</returns>
    private Task<bool> ChangeAsync(string id, Func<SqliteContext, CancellationToken, Task<bool>> change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        // Not on the caller's token: a watcher must hear of the change even if the writer went away.
        return SignalAsync().WaitAsync(cancellationToken);

        async Task<bool> SignalAsync()
        {
            var changed = await WriteAsync(change, CancellationToken.None);
            if (changed) _signals.Signal(id);
            return changed;
        }
    }

    /// <summary>Forgets announced analyses and deleted ids whose time has passed.</summary>
    private async Task PruneSometimesAsync(SqliteContext db, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (now - _pruned < PruneInterval) return;
        var (finishedBefore, deletedBefore) = (now - _options.Retention, now - _options.Tombstones);
        var old = db.States.Where(row => row.AnnouncedAt != null && row.FinishedAt < finishedBefore).OrderBy(row => row.FinishedAt).Take(PruneBatch).Select(row => row.Id);
        var gone = await db.States.Where(row => old.Contains(row.Id)).ExecuteDeleteAsync(cancellationToken);
        await db.Deleted.Where(row => row.At < deletedBefore).ExecuteDeleteAsync(cancellationToken);
        if (gone < PruneBatch) _pruned = now;
    }
}
