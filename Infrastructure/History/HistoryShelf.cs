using Deepfake.Contracts;
using Deepfake.Infrastructure.Journals;

namespace Deepfake.Infrastructure.History;

/// <summary>The results of one tenant as an embedded host remembers them. Not safe for threads.</summary>
/// <param name="drop">Takes lines that no longer matter.</param>
internal sealed class HistoryShelf(Action<IEnumerable<JournalLine>> drop)
{
    private static readonly Comparer<AnalysisSummary> NewestFirst = Comparer<AnalysisSummary>.Create((a, b) =>
        b.CreatedAt.CompareTo(a.CreatedAt) is var order and not 0 ? order : string.CompareOrdinal(b.Id, a.Id));

    private readonly Dictionary<string, HistoryBook> _byId = [];
    private readonly SortedSet<AnalysisSummary> _ordered = new(NewestFirst);

    // A journal that was compacted may hold a review before the result it belongs to.
    private readonly Dictionary<string, (Review Review, JournalLine Line)> _early = [];

    public int Count => _byId.Count;

    public IEnumerable<HistoryBook> Books => _byId.Values;

    public HistoryBook? Find(string id) => _byId.GetValueOrDefault(id);

    /// <summary>Puts a result in; a review of the one it replaces stays.</summary>
    public void Put(string id, HistoryBook book)
    {
        if (_byId.Remove(id, out var former))
        {
            _ordered.Remove(former.Summary);
            (book.Review, book.ReviewLine) = (former.Review, former.ReviewLine);
            drop([former.Line]);
        }

        if (_early.Remove(id, out var early)) (book.Review, book.ReviewLine) = early;
        _byId.Add(id, book);
        _ordered.Add(book.Summary);
    }

    public void Review(string id, Review review, JournalLine line)
    {
        if (_byId.TryGetValue(id, out var book))
        {
            if (book.ReviewLine is { } former) drop([former]);
            (book.Review, book.ReviewLine) = (review, line);
        }
        else
        {
            if (_early.TryGetValue(id, out var former)) drop([former.Line]);
            _early[id] = (review, line);
        }
    }

    /// <summary>Removes a result and its review; the line that says so is needed no longer than theirs.</summary>
    public void Remove(string id, JournalLine line)
    {
        List<JournalLine> dropped = [line];
        if (_early.Remove(id, out var early)) dropped.Add(early.Line);
        if (_byId.Remove(id, out var former))
        {
            _ordered.Remove(former.Summary);
            dropped.Add(former.Line);
            if (former.ReviewLine is { } review) dropped.Add(review);
        }

        drop(dropped);
    }

    /// <summary>Forgets reviews of what is not there: the journal was read to its end.</summary>
    public void EndReplay()
    {
        drop(_early.Values.Select(early => early.Line));
        _early.Clear();
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
internal sealed class HistoryBook(AnalysisSummary summary, HistoryFacts facts, JournalLine line)
{
    /// <summary>As the machine left it.</summary>
    public AnalysisSummary Summary { get; } = summary;

    public HistoryFacts Facts { get; } = facts;

    public JournalLine Line { get; } = line;

    public Review? Review { get; set; }

    /// <summary>Line of the review.</summary>
    public JournalLine? ReviewLine { get; set; }

    /// <summary>The result until its line is on the disk.</summary>
    public Analysis? Unwritten { get; set; }

    public AnalysisSummary Shown => HistoryTerms.Under(Summary, Review?.Verdict);
}
