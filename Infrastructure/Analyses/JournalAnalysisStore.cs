using System.Runtime.CompilerServices;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Journals;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// Analyses of an embedded host: a journal on disk and a table in memory. A change enters the table and the journal's queue in one step
/// under the lock, and the caller goes on when the line is on the disk. Final records stay on disk and are read when asked for.
/// </summary>
public sealed class JournalAnalysisStore : IAnalysisStore, IDisposable
{
    private static readonly TimeSpan PruneInterval = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly AnalysisTable _table;
    private readonly JournalFile _journal;
    private readonly AnalysisStoreOptions _options;
    private readonly TimeProvider _time;
    private DateTimeOffset _pruned;

    /// <summary>Opens or creates the journal at a path and reads it.</summary>
    /// <exception cref="IOException">The disk fails or another process has it open.</exception>
    public JournalAnalysisStore(string path, IOptions<AnalysisStoreOptions> options, TimeProvider time, ILogger<JournalAnalysisStore> logger)
    {
        (_options, _time) = (options.Value, time);
        _journal = new JournalFile(path, time, logger);
        _table = new AnalysisTable(_journal.Drop);
        _journal.Replay((json, line) =>
        {
            if (_table.Apply(AnalysisEntry.Parse(json), line) is { } row) row.Durable = row.Events.Count;
        });
        Prune();
        _journal.Start();
    }

    /// <summary>Why the journal takes no more records; null while it does.</summary>
    internal Exception? Fault => _journal.Fault;

    /// <summary>The file, for tests of what happens when the disk fails.</summary>
    internal JournalFile Journal => _journal;

    /// <inheritdoc/>
    public Task CreateAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        PruneSometimes();
        return WriteAsync(
            () =>
            {
                if (_table.Knows(record.Id)) throw AnalysisGuards.Exists(record.Id);
                _table.ThrowIfTooMany(record);
                return Entry(EntryKind.Created, record.Id) with { Record = record };
            },
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await FindAsync(id, cancellationToken) is { } state && state.Record.Tenant == tenant ? state : null;

    /// <inheritdoc/>
    public async Task<AnalysisState?> FindAsync(string id, CancellationToken cancellationToken)
    {
        AnalysisState state;
        Task written;
        lock (_gate)
        {
            if (_table.Find(id) is not { } row) return null;
            (state, written) = (row.State, row.Written);
        }

        // Whoever finds it may tell a client: not before it is safe, and never when it could not be written.
        await written.WaitAsync(cancellationToken);
        return state;
    }

    /// <inheritdoc/>
    public Task MarkPublishedAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync(() => _table.Find(id) is { Published: false } ? Entry(EntryKind.Published, id) : null, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnpublishedAsync(DateTimeOffset acceptedBefore, int limit, CancellationToken cancellationToken) =>
        Find(() => _table.Unfinished(row => !row.Published && row.State.Record.AcceptedAt < acceptedBefore, limit));

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> ListOpenAsync(string tenant, HistoryCursor? after, int limit, CancellationToken cancellationToken) =>
        Find(() => _table.Open(tenant, after, limit));

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnfinishedAsync(int limit, CancellationToken cancellationToken) =>
        Find(() => _table.Unfinished(_ => true, limit));

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindOverdueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) =>
        Find(() => _table.Unfinished(row => row.State.Record.Deadline < now, limit));

    /// <inheritdoc/>
    public Task<long> CountUnfinishedAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult((long)_table.UnfinishedCount);
    }

    /// <inheritdoc/>
    public Task<bool> AddPartAsync(string id, PartKey key, ReadOnlyMemory<byte> json, CancellationToken cancellationToken)
    {
        var content = (ReadOnlyMemory<byte>)json.ToArray();
        return WriteAsync(
            () => _table.Find(id) is { State.IsOver: false } row && !row.Parts.ContainsKey(key)
                ? Entry(EntryKind.Part, id) with { Part = key.ToString(), Content = content }
                : null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>> GetPartsAsync(string id, CancellationToken cancellationToken)
    {
        lock (_gate)
            return Task.FromResult<IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>>>(new Dictionary<PartKey, ReadOnlyMemory<byte>>(_table.Find(id)?.Parts ?? []));
    }

    /// <inheritdoc/>
    public Task<bool> AdvanceAsync(string id, Stage stage, double percent, CancellationToken cancellationToken)
    {
        AnalysisGuards.ThrowIfNoPercent(percent);
        return WriteAsync(
            () => _table.Find(id) is { State.IsOver: false } row && percent > row.State.Percent
                ? Entry(EntryKind.Advanced, id) with { Stage = stage > row.State.Stage ? stage : row.State.Stage, Percent = percent }
                : null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public Task<bool> TryFinishAsync(string id, Analysis result, CancellationToken cancellationToken)
    {
        AnalysisGuards.ThrowIfNotFinal(id, result);
        return WriteAsync(
            () => _table.Find(id) is { State.IsOver: false }
                ? new FinishedEntry
                {
                    Kind = EntryKind.Finished,
                    Id = id,
                    At = _time.GetUtcNow(),
                    Status = result.Status,
                    Stage = Stage.Done,
                    Percent = result.Progress,
                    Result = result,
                }
                : null,
            cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindResultAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        for (; ; )
        {
            JournalLine line;
            Task written;
            lock (_gate)
            {
                if (_table.Find(id) is not { Result: { } result } row || row.State.Record.Tenant != tenant) return null;
                (line, written) = (result, row.Written);
            }

            await written.WaitAsync(cancellationToken);
            // Null where it was deleted since and has left the file.
            if (await _journal.ReadAsync(line, cancellationToken) is { } json) return AnalysisEntry.ParseFinished(json.Span).Result;
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<AnalysisState>> FindUnannouncedAsync(DateTimeOffset finishedBefore, int limit, CancellationToken cancellationToken) =>
        Find(() => _table.Unannounced(finishedBefore, limit));

    /// <inheritdoc/>
    public Task MarkAnnouncedAsync(string id, CancellationToken cancellationToken) =>
        WriteAsync(() => _table.Find(id) is { State.IsOver: true, Announced: false } ? Entry(EntryKind.Announced, id) : null, cancellationToken);

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        try
        {
            return await WriteAsync(() => _table.Find(id) is { } row && row.State.Record.Tenant == tenant ? Entry(EntryKind.Deleted, id) with { Tenant = tenant } : null, cancellationToken);
        }
        finally
        {
            _journal.Erase(); // also of one that was forgotten before: its lines may still be there
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<DeletedAnalysis>> FindDeletedAsync(DateTimeOffset since, CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult<IReadOnlyList<DeletedAnalysis>>(_table.Deleted(since));
    }

    /// <inheritdoc/>
    public async IAsyncEnumerable<AnalysisEvent> WatchAsync(string id, long afterSequence, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        AnalysisTable.Row? row;
        lock (_gate) row = _table.Find(id);
        if (row is null) yield break;
        var next = (int)Math.Clamp(afterSequence, 0, int.MaxValue);
        for (; ; )
        {
            List<AnalysisEvent> fresh;
            Task changed;
            bool ends;
            lock (_gate)
            {
                fresh = next < row.Durable ? row.Events.GetRange(next, row.Durable - next) : [];
                ends = row.Deleted || (row.State.IsOver && row.Durable == row.Events.Count);
                changed = row.Changed;
            }

            foreach (var happened in fresh)
            {
                yield return happened;
                next++;
            }

            if (ends) yield break;
            if (fresh.Count == 0) await changed.WaitAsync(cancellationToken);
        }
    }

    /// <summary>Writes what is queued and closes the journal.</summary>
    public void Dispose() => _journal.Dispose();

    private Task<IReadOnlyList<AnalysisState>> Find(Func<List<AnalysisState>> query)
    {
        lock (_gate) return Task.FromResult<IReadOnlyList<AnalysisState>>(query());
    }

    private AnalysisEntry Entry(EntryKind kind, string id) => new() { Kind = kind, Id = id, At = _time.GetUtcNow() };

    /// <summary>Decides on an entry, and enters it into table and journal in one step; waits until it is on the disk.</summary>
    /// <param name="decide">Called under the lock; null for no change.</param>
    /// <param name="cancellationToken">Only ends the wait: what is queued will be written.</param>
    /// <returns>False if there was nothing to change.</returns>
    private async Task<bool> WriteAsync(Func<AnalysisEntry?> decide, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        AnalysisTable.Row? row;
        Task durable;
        int events;
        lock (_gate)
        {
            if (decide() is not { } entry) return false;
            (var line, durable) = _journal.Append(entry.ToJson());
            row = _table.Apply(entry, line);
            if (row is null) return false;
            if (entry.Kind is EntryKind.Created or EntryKind.Advanced or EntryKind.Finished) row.Written = durable;
            events = row.Events.Count;
        }

        // Not on the caller's token: a watcher must hear of the change even if the writer went away.
        var visible = MakeVisibleAsync(row, events, durable);
        await visible.WaitAsync(cancellationToken);
        return true;
    }

    private async Task MakeVisibleAsync(AnalysisTable.Row row, int events, Task durable)
    {
        await durable;
        lock (_gate)
        {
            row.Durable = Math.Max(row.Durable, events);
            row.Signal();
        }
    }

    private void PruneSometimes()
    {
        var now = _time.GetUtcNow();
        lock (_gate)
        {
            if (now - _pruned < PruneInterval) return;
            _pruned = now;
            Prune();
        }
    }

    private void Prune()
    {
        var now = _time.GetUtcNow();
        _table.Prune(now - _options.Retention, now - _options.Tombstones);
    }
}
