using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Journals;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>
/// The state of all analyses as the sum of journal entries. Knows no disk and no clock; applying the same entries in the same order
/// always gives the same table. Not safe for threads.
/// </summary>
/// <param name="drop">Takes lines of entries that no longer matter for the state they led to.</param>
internal sealed class AnalysisTable(Action<IEnumerable<JournalLine>> drop)
{
    private readonly Dictionary<string, Row> _rows = [];
    private readonly Dictionary<string, (DeletedAnalysis Analysis, JournalLine Line)> _deleted = [];
    private readonly HashSet<Row> _unfinished = [];
    private readonly HashSet<Row> _unannounced = [];

    public int UnfinishedCount => _unfinished.Count;

    public Row? Find(string id) => _rows.GetValueOrDefault(id);

    /// <summary>Whether an id is taken, or was and is still remembered.</summary>
    public bool Knows(string id) => _rows.ContainsKey(id) || _deleted.ContainsKey(id);

    /// <exception cref="ConcurrencyExceededException">There is no room for the record.</exception>
    public void ThrowIfTooMany(AnalysisRecord record)
    {
        if (record.Concurrency is not { } allowed) return;
        if (allowed.OfKey is { } ofKey && _unfinished.Count(row => row.State.Record.Concurrency?.KeyId == allowed.KeyId) >= ofKey) throw new ConcurrencyExceededException(ofKey, ofTenant: false);
        if (allowed.OfTenant is { } ofTenant && _unfinished.Count(row => row.State.Record.Tenant == record.Tenant) >= ofTenant) throw new ConcurrencyExceededException(ofTenant, ofTenant: true);
    }

    public List<AnalysisState> Unfinished(Func<Row, bool> filter, int limit) => Take(_unfinished.Where(filter), limit);

    public List<AnalysisState> Unannounced(DateTimeOffset finishedBefore, int limit) =>
        Take(_unannounced.Where(row => row.FinishedAt < finishedBefore), limit);

    public List<AnalysisState> Open(string tenant, HistoryCursor? after, int limit) =>
    [
        .. _unfinished.Concat(_unannounced).Where(row => row.Durable > 0).Select(row => row.State)
            .Where(state => state.Record.Tenant == tenant && after?.IsBefore(state.Record.AcceptedAt, state.Record.Id) != false)
            .OrderByDescending(state => HistoryTerms.ToStored(state.Record.AcceptedAt)).ThenByDescending(state => state.Record.Id, StringComparer.Ordinal).Take(limit),
    ];

    public List<DeletedAnalysis> Deleted(DateTimeOffset since) => [.. _deleted.Values.Select(deleted => deleted.Analysis).Where(deleted => deleted.At >= since).OrderBy(deleted => deleted.At)];

    /// <summary>Forgets announced analyses and deleted ids whose time has passed.</summary>
    public void Prune(DateTimeOffset finishedBefore, DateTimeOffset deletedBefore)
    {
        foreach (var (id, row) in _rows)
        {
            if (!row.Announced || row.FinishedAt >= finishedBefore) continue;
            _rows.Remove(id);
            drop(row.Lines);
            row.Signal();
        }

        foreach (var (id, deleted) in _deleted)
        {
            if (deleted.Analysis.At >= deletedBefore) continue;
            _deleted.Remove(id);
            drop([deleted.Line]);
        }
    }

    public Row? Apply(AnalysisEntry entry, JournalLine line)
    {
        if (entry is { Kind: EntryKind.Created, Record: { } record })
        {
            if (_rows.ContainsKey(entry.Id))
            {
                drop([line]);
                return null;
            }

            var created = new Row(new AnalysisState { Record = record, Status = AnalysisStatus.Accepted, Stage = Stage.Queued, Percent = 0 });
            _rows.Add(entry.Id, created);
            _unfinished.Add(created);
            created.Lines.Add(line);
            created.AddEvent(entry.At);
            return created;
        }

        var remembers = entry is { Kind: EntryKind.Deleted, Tenant: not null };
        if (remembers)
        {
            if (_deleted.Remove(entry.Id, out var former)) drop([former.Line]);
            _deleted.Add(entry.Id, (new DeletedAnalysis(entry.Tenant!, entry.Id, entry.At), line));
        }

        if (!_rows.TryGetValue(entry.Id, out var row))
        {
            if (!remembers) drop([line]);
            return null;
        }

        if (entry.Kind == EntryKind.Part && row.State.IsOver) drop([line]);
        else if (!remembers) (entry.Kind == EntryKind.Part ? row.PartLines : row.Lines).Add(line);
        switch (entry.Kind)
        {
            case EntryKind.Published:
                row.Published = true;
                break;
            case EntryKind.Part when !row.State.IsOver:
                row.Parts.TryAdd(PartKey.Parse(entry.Part!), entry.Content!.Value);
                break;
            case EntryKind.Advanced when !row.State.IsOver:
                row.State = row.State with
                {
                    Status = AnalysisStatus.Running,
                    Stage = entry.Stage!.Value,
                    Percent = entry.Percent!.Value,
                    StartedAt = row.State.StartedAt ?? entry.At,
                };
                row.AddEvent(entry.At);
                break;
            case EntryKind.Finished when !row.State.IsOver:
                row.State = row.State with { Status = entry.Status!.Value, Stage = entry.Stage!.Value, Percent = entry.Percent!.Value };
                row.FinishedAt = entry.At;
                row.Result = line;
                row.Parts.Clear();
                drop(row.PartLines);
                row.PartLines.Clear();
                row.AddEvent(entry.At);
                _unfinished.Remove(row);
                _unannounced.Add(row);
                break;
            case EntryKind.Announced when row.State.IsOver:
                row.Announced = true;
                _unannounced.Remove(row);
                break;
            case EntryKind.Deleted:
                _rows.Remove(entry.Id);
                _unfinished.Remove(row);
                _unannounced.Remove(row);
                drop(row.Lines.Concat(row.PartLines));
                row.Deleted = true;
                break;
        }

        return row;
    }

    private static List<AnalysisState> Take(IEnumerable<Row> rows, int limit) =>
        [.. rows.OrderBy(row => row.State.Record.AcceptedAt).ThenBy(row => row.State.Record.Id, StringComparer.Ordinal).Take(limit).Select(row => row.State)];

    /// <summary>One analysis.</summary>
    internal sealed class Row(AnalysisState state)
    {
        private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public AnalysisState State { get; set; } = state;

        public bool Published { get; set; }

        public bool Announced { get; set; }

        public bool Deleted { get; set; }

        public DateTimeOffset? FinishedAt { get; set; }

        /// <summary>Line of the final record.</summary>
        public JournalLine? Result { get; set; }

        /// <summary>Lines of everything but parts.</summary>
        public List<JournalLine> Lines { get; } = [];

        /// <summary>Lines of parts: they matter until the end.</summary>
        public List<JournalLine> PartLines { get; } = [];

        public Dictionary<PartKey, ReadOnlyMemory<byte>> Parts { get; } = [];

        public List<AnalysisEvent> Events { get; } = [];

        /// <summary>How many events are on the disk: watchers see no more than these.</summary>
        public int Durable { get; set; }

        /// <summary>Ends when the state is on the disk; fails where it could not be written.</summary>
        public Task Written { get; set; } = Task.CompletedTask;

        /// <summary>Ends at the next change.</summary>
        public Task Changed => _changed.Task;

        public void AddEvent(DateTimeOffset at)
        {
            State = State with { Sequence = Events.Count + 1, ChangedAt = at };
            Events.Add(new AnalysisEvent
            {
                Sequence = State.Sequence,
                At = at,
                Status = State.Status,
                Stage = State.Stage,
                Percent = State.Percent,
            });
        }

        public void Signal()
        {
            var changed = _changed;
            _changed = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            changed.SetResult();
        }
    }
}
