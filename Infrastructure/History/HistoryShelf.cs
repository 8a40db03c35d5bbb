using Deepfake.Contracts;
using Deepfake.Infrastructure.Journals;

namespace Deepfake.Infrastructure.History;

/// <summary>The results of one tenant as an embedded host remembers them. Not safe for threads.</summary>
internal sealed class HistoryShelf
{
    private static readonly Comparer<AnalysisSummary> NewestFirst = Comparer<AnalysisSummary>.Create((a, b) =>
        b.CreatedAt.CompareTo(a.CreatedAt) is var order and not 0 ? order : string.CompareOrdinal(b.Id, a.Id));

    private readonly Dictionary<string, HistoryBook> _byId = [];
    private readonly SortedSet<AnalysisSummary> _ordered = new(NewestFirst);

    // A journal that was compacted may hold a review before the result it belongs to.
    private readonly Dictionary<string, (Review Review, JournalSpan Span)> _early = [];

    public int Count => _byId.Count;

    public IEnumerable<HistoryBook> Books => _byId.Values;

    public HistoryBook? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>Puts a result in; a review of the one it replaces stays.</summary>
    public void Put(string id, HistoryBook book)
    {
        if (_byId.Remove(id, out var former))
        {
            _ordered.Remove(former.Summary);
            (book.Review, book.ReviewSpan) = (former.Review, former.ReviewSpan);
        }

        if (_early.Remove(id, out var early)) (book.Review, book.ReviewSpan) = early;
        _byId.Add(id, book);
        _ordered.Add(book.Summary);
    }

    public void Review(string id, Review review, JournalSpan span)
    {
        if (_byId.TryGetValue(id, out var book)) (book.Review, book.ReviewSpan) = (review, span);
        else _early[id] = (review, span);
    }

    public void Remove(string id)
    {
        _early.Remove(id);
        if (_byId.Remove(id, out var former)) _ordered.Remove(former.Summary);
    }

    /// <summary>Lines behind a place, as shown.</summary>
    public IEnumerable<AnalysisSummary> After(HistoryCursor? cursor) => Ordered(cursor).Select(summary => _byId[summary.Id].Shown);

    private IEnumerable<AnalysisSummary> Ordered(HistoryCursor? cursor)
    {
        if (cursor is not { } place || _ordered.Count == 0) return _ordered;
        var mark = _ordered.Min! with { Id = place.Id, CreatedAt = place.CreatedAt };
        return NewestFirst.Compare(mark, _ordered.Max!) > 0 ? [] : _ordered.GetViewBetween(mark, _ordered.Max).SkipWhile(summary => NewestFirst.Compare(summary, mark) == 0);
    }
}

/// <summary>One result.</summary>
internal sealed class HistoryBook(AnalysisSummary summary, HistoryFacts facts, JournalSpan span)
{
    /// <summary>As the machine left it.</summary>
    public AnalysisSummary Summary { get; } = summary;

    public HistoryFacts Facts { get; } = facts;

    public JournalSpan Span { get; } = span;

    public Review? Review { get; set; }

    /// <summary>Line of the review.</summary>
    public JournalSpan? ReviewSpan { get; set; }

    /// <summary>The result until its line is on the disk.</summary>
    public Analysis? Unwritten { get; set; }

    public AnalysisSummary Shown => HistoryTerms.Under(Summary, Review?.Verdict);
}
