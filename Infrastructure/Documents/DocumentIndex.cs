using Deepfake.Infrastructure.Journals;

namespace Deepfake.Infrastructure.Documents;

/// <summary>Where a document lies in the journal.</summary>
/// <param name="Tenant">Owner.</param>
/// <param name="Id">Id.</param>
/// <param name="Version">From 1.</param>
/// <param name="Due">Due time.</param>
/// <param name="Line">Its line.</param>
/// <param name="Durable">Ends when the line is on the disk.</param>
internal sealed record DocumentSlot(string Tenant, string Id, long Version, DateTimeOffset? Due, JournalLine Line, Task Durable);

/// <summary>The documents of one kind, by name and by due time.</summary>
/// <param name="drop">Takes lines that no longer matter.</param>
internal sealed class DocumentIndex(Action<IEnumerable<JournalLine>> drop)
{
    private static readonly Comparer<DocumentSlot> ByName = Comparer<DocumentSlot>.Create((a, b) =>
        DocumentTerms.Compare(a.Tenant, b.Tenant) is var order and not 0 ? order : DocumentTerms.Compare(a.Id, b.Id));

    private static readonly Comparer<DocumentSlot> ByDue = Comparer<DocumentSlot>.Create((a, b) =>
        Nullable.Compare(a.Due, b.Due) is var order and not 0 ? order : ByName.Compare(a, b));

    private readonly SortedSet<DocumentSlot> _named = new(ByName);
    private readonly SortedSet<DocumentSlot> _due = new(ByDue);

    public DocumentSlot? Find(string tenant, string id) => _named.TryGetValue(Mark(tenant, id), out var slot) ? slot : null;

    /// <summary>Takes in a line that was appended.</summary>
    public void Put(DocumentLine line, JournalLine place, Task durable)
    {
        var slot = new DocumentSlot(line.Tenant, line.Id, line.Version, line.Due, place, durable);
        if (_named.TryGetValue(slot, out var former))
        {
            _named.Remove(former);
            if (former.Due is not null) _due.Remove(former);
            drop([former.Line]);
        }

        if (line.Version == 0)
        {
            drop([place]); // after what it overrules
            return;
        }

        _named.Add(slot);
        if (slot.Due is not null) _due.Add(slot);
    }

    /// <summary>Documents of a tenant by id.</summary>
    public IEnumerable<DocumentSlot> After(string tenant, string? afterId)
    {
        var mark = Mark(tenant, afterId ?? "");
        if (_named.Max is not { } last || ByName.Compare(mark, last) > 0) return [];
        return _named.GetViewBetween(mark, last).SkipWhile(slot => ByName.Compare(slot, mark) == 0).TakeWhile(slot => slot.Tenant == tenant);
    }

    /// <summary>Documents whose time has come, the longest overdue first.</summary>
    public IEnumerable<DocumentSlot> Due(DateTimeOffset now) => _due.TakeWhile(slot => slot.Due <= now);

    private static DocumentSlot Mark(string tenant, string id) => new(tenant, id, 0, null, null!, Task.CompletedTask);
}
