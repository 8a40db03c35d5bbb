using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Journals;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.History;

/// <summary>
/// History of an embedded host: full results in a journal on disk, read when asked for; one line of each in memory, ordered. A million
/// results need some 500 MB; more is PostgreSQL's work.
/// </summary>
public sealed class JournalHistoryStore : IHistoryStore, IDisposable
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Shelf> _shelves = [];
    private readonly JournalFile _journal;

    /// <summary>Opens or creates the journal at a path and reads it.</summary>
    /// <exception cref="IOException">The disk fails or another process has it open.</exception>
    public JournalHistoryStore(string path, ILogger<JournalHistoryStore> logger) => _journal = JournalFile.Open(path, new Reader(this), logger);

    /// <summary>Why the journal takes no more records; null while it does.</summary>
    internal Exception? Fault => _journal.Fault;

    /// <inheritdoc/>
    public Task SaveAsync(string tenant, Analysis analysis, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var line = new SavedEntry { Tenant = tenant, Id = analysis.Id, Summary = HistoryTerms.Summarise(analysis), Result = analysis };
        var json = line.ToJson();
        Task durable;
        lock (_gate)
        {
            (var span, durable) = _journal.Append(json);
            Apply(line, span).Unwritten = analysis;
        }

        return WrittenAsync(tenant, analysis, durable).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        Book book;
        lock (_gate)
        {
            if (Find(tenant, id) is not { } found) return null;
            if (found.Unwritten is { } unwritten) return unwritten;
            book = found;
        }

        return HistoryEntry.ParseSaved((await _journal.ReadAsync(book.Span, cancellationToken)).Span).Result;
    }

    /// <inheritdoc/>
    public Task<HistoryPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken)
    {
        var limit = HistoryTerms.PageSize(query);
        var cursor = HistoryTerms.Cursor(query);
        lock (_gate)
        {
            var page = new List<AnalysisSummary>(limit);
            foreach (var summary in _shelves.GetValueOrDefault(tenant)?.After(cursor) ?? [])
            {
                if ((query.Verdict is { } verdict && summary.Verdict != verdict) || (query.Status is { } status && summary.Status != status)) continue;
                if (page.Count == limit) return Task.FromResult(new HistoryPage(page, new HistoryCursor(page[^1].CreatedAt, page[^1].Id).ToString()));
                page.Add(summary);
            }

            return Task.FromResult(new HistoryPage(page, null));
        }
    }

    /// <inheritdoc/>
    public Task<HistoryStatistics> GetStatisticsAsync(string tenant, CancellationToken cancellationToken)
    {
        List<AnalysisSummary> all;
        lock (_gate) all = [.. _shelves.GetValueOrDefault(tenant)?.After(null) ?? []];
        var completed = all.Where(summary => summary.Status == AnalysisStatus.Completed).ToList();
        var seconds = completed.Where(summary => summary.CompletedAt is not null)
            .Select(summary => (summary.CompletedAt!.Value - summary.CreatedAt).TotalSeconds).Order().ToArray();
        return Task.FromResult(new HistoryStatistics
        {
            Total = all.Count,
            ByStatus = all.GroupBy(summary => HistoryTerms.Name(summary.Status)).ToDictionary(group => group.Key, group => group.LongCount()),
            ByVerdict = completed.Where(summary => summary.Verdict is not null)
                .GroupBy(summary => HistoryTerms.Name(summary.Verdict!.Value)).ToDictionary(group => group.Key, group => group.LongCount()),
            MedianSeconds = Percentile(seconds, 0.5),
            P95Seconds = Percentile(seconds, 0.95),
        });
    }

    /// <inheritdoc/>
    public async Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task durable;
        lock (_gate)
        {
            if (Find(tenant, id) is null) return false;
            var line = new HistoryEntry { Tenant = tenant, Id = id };
            (var span, durable) = _journal.Append(line.ToJson());
            Apply(line, span);
        }

        await durable.WaitAsync(cancellationToken);
        return true;
    }

    /// <summary>Writes what is queued and closes the journal.</summary>
    public void Dispose() => _journal.Dispose();

    /// <summary>Percentile with linear interpolation, as PostgreSQL's <c>percentile_cont</c>.</summary>
    internal static double? Percentile(ReadOnlySpan<double> ordered, double share)
    {
        if (ordered.IsEmpty) return null;
        var place = share * (ordered.Length - 1);
        var below = (int)place;
        return below + 1 < ordered.Length ? ordered[below] + ((place - below) * (ordered[below + 1] - ordered[below])) : ordered[below];
    }

    private async Task WrittenAsync(string tenant, Analysis analysis, Task durable)
    {
        await durable;
        lock (_gate)
        {
            if (Find(tenant, analysis.Id) is { } book && ReferenceEquals(book.Unwritten, analysis)) book.Unwritten = null;
        }
    }

    private Book? Find(string tenant, string id) => _shelves.GetValueOrDefault(tenant)?.Find(id);

    private Book Apply(HistoryEntry entry, JournalSpan span)
    {
        if (!_shelves.TryGetValue(entry.Tenant, out var shelf)) _shelves.Add(entry.Tenant, shelf = new Shelf());
        var book = new Book(entry.Summary, span);
        shelf.Put(entry.Id, book);
        return book;
    }

    private sealed class Reader(JournalHistoryStore store) : IJournalReader
    {
        public void Reset() => store._shelves.Clear();

        public void Apply(ReadOnlySpan<byte> json, JournalSpan span) => store.Apply(HistoryEntry.Parse(json), span);

        public bool Keeps(ReadOnlySpan<byte> json, JournalSpan span)
        {
            var entry = HistoryEntry.Parse(json);
            return store.Find(entry.Tenant, entry.Id) is { } book && book.Span == span;
        }
    }

    /// <summary>The results of one tenant.</summary>
    private sealed class Shelf
    {
        private static readonly Comparer<AnalysisSummary> NewestFirst = Comparer<AnalysisSummary>.Create((a, b) =>
            b.CreatedAt.CompareTo(a.CreatedAt) is var order and not 0 ? order : string.CompareOrdinal(b.Id, a.Id));

        private readonly Dictionary<string, Book> _byId = [];
        private readonly SortedSet<AnalysisSummary> _ordered = new(NewestFirst);

        public Book? Find(string id) => _byId.GetValueOrDefault(id);

        public void Put(string id, Book book)
        {
            if (_byId.Remove(id, out var former)) _ordered.Remove(former.Summary!);
            if (book.Summary is not { } summary) return;
            _byId.Add(id, book);
            _ordered.Add(summary);
        }

        public IEnumerable<AnalysisSummary> After(HistoryCursor? cursor)
        {
            if (cursor is not { } place || _ordered.Count == 0) return _ordered;
            var mark = _ordered.Min! with { Id = place.Id, CreatedAt = place.CreatedAt };
            return NewestFirst.Compare(mark, _ordered.Max!) > 0 ? [] : _ordered.GetViewBetween(mark, _ordered.Max).SkipWhile(summary => NewestFirst.Compare(summary, mark) == 0);
        }
    }

    /// <summary>One result.</summary>
    private sealed class Book(AnalysisSummary? summary, JournalSpan span)
    {
        /// <summary>Null in the entry of a deletion, which is never kept.</summary>
        public AnalysisSummary? Summary { get; } = summary;

        public JournalSpan Span { get; } = span;

        /// <summary>The result until its line is on the disk.</summary>
        public Analysis? Unwritten { get; set; }
    }
}

/// <summary>One line of the history journal; without a summary it is a deletion.</summary>
internal record HistoryEntry
{
    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public AnalysisSummary? Summary { get; init; }

    private static JsonSerializerOptions Json { get; } = new(DeepfakeJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, GetType(), Json);

    public static HistoryEntry Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<HistoryEntry>(json, Json)!;

    public static SavedEntry ParseSaved(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<SavedEntry>(json, Json)!;
}

/// <summary>The line that stores a result. Apart, so that a replay skips over the result instead of building it.</summary>
internal sealed record SavedEntry : HistoryEntry
{
    public required Analysis Result { get; init; }
}
