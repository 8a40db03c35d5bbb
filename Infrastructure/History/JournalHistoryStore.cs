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
    private readonly Dictionary<string, HistoryShelf> _shelves = [];
    private readonly JournalFile _journal;

    /// <summary>Opens or creates the journal at a path and reads it.</summary>
    /// <exception cref="IOException">The disk fails or another process has it open.</exception>
    public JournalHistoryStore(string path, TimeProvider time, ILogger<JournalHistoryStore> logger)
    {
        _journal = new JournalFile(path, time, logger);
        _journal.Replay((json, line) => Apply(HistoryEntry.Parse(json), line));
        foreach (var shelf in _shelves.Values) shelf.EndReplay();
        _journal.Start();
    }

    /// <summary>Why the journal takes no more records; null while it does.</summary>
    internal Exception? Fault => _journal.Fault;

    /// <summary>The file, for tests of what happens when it is written anew.</summary>
    internal JournalFile Journal => _journal;

    /// <inheritdoc/>
    public Task SaveAsync(string tenant, Analysis analysis, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var entry = new SavedEntry { Tenant = tenant, Id = analysis.Id, Summary = analysis.Summarise(), Facts = HistoryFacts.Of(analysis), Result = analysis };
        var json = entry.ToJson();
        Task durable;
        lock (_gate)
        {
            (var line, durable) = _journal.Append(json);
            Apply(entry, line)!.Unwritten = analysis;
        }

        return WrittenAsync(tenant, analysis, durable).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        for (; ; )
        {
            HistoryBook book;
            Review? review;
            lock (_gate)
            {
                if (Find(tenant, id) is not { } found) return null;
                (book, review) = (found, found.Review);
                if (found.Unwritten is { } unwritten) return HistoryTerms.Under(unwritten, review);
            }

            // Null where it was replaced or deleted since, and has left the file.
            if (await _journal.ReadAsync(book.Line, cancellationToken) is { } json) return HistoryTerms.Under(HistoryEntry.ParseSaved(json.Span).Result, review);
        }
    }

    /// <inheritdoc/>
    public Task<AnalysisPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken)
    {
        var limit = HistoryTerms.PageSize(query);
        var cursor = HistoryTerms.Cursor(query);
        lock (_gate)
        {
            var page = new List<AnalysisSummary>(limit);
            foreach (var summary in _shelves.GetValueOrDefault(tenant)?.After(cursor) ?? [])
            {
                if (!query.Matches(summary)) continue;
                if (page.Count == limit) return Task.FromResult(new AnalysisPage(page, new HistoryCursor(page[^1].CreatedAt, page[^1].Id).ToString()));
                page.Add(summary);
            }

            return Task.FromResult(new AnalysisPage(page, null));
        }
    }

    /// <inheritdoc/>
    public Task<HistoryStatistics> GetStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken)
    {
        List<(AnalysisSummary, HistoryFacts, Verdict?)> results;
        lock (_gate) results = [.. Books(tenant).Where(book => window.Holds(book.Summary.CreatedAt)).Select(book => (book.Summary, book.Facts, book.Review?.Verdict))];
        return Task.FromResult(StatisticsTally.Count(results));
    }

    /// <inheritdoc/>
    public Task<bool> SetReviewAsync(string tenant, string id, Review review, CancellationToken cancellationToken) =>
        AppendAsync(new HistoryEntry { Tenant = tenant, Id = id, Review = review }, cancellationToken);

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> FindExpiredAsync(string tenant, DateTimeOffset now, DateTimeOffset? endedBefore, int limit, CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return Task.FromResult<IReadOnlyList<string>>(
            [
                .. Books(tenant).Where(book => book.Facts.ExpiresAt is { } expires ? expires <= now : book.Summary.CompletedAt < endedBefore).Take(limit).Select(book => book.Summary.Id),
            ]);
        }
    }

    /// <inheritdoc/>
    public Task<IReadOnlyList<string>> ListTenantsAsync(CancellationToken cancellationToken)
    {
        lock (_gate) return Task.FromResult<IReadOnlyList<string>>([.. _shelves.Where(shelf => shelf.Value.Count > 0).Select(shelf => shelf.Key)]);
    }

    /// <inheritdoc/>
    public Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken) =>
        AppendAsync(new HistoryEntry { Tenant = tenant, Id = id }, cancellationToken);

    /// <summary>Writes what is queued and closes the journal.</summary>
    public void Dispose() => _journal.Dispose();

    /// <summary>Enters a line about a result that is there.</summary>
    private async Task<bool> AppendAsync(HistoryEntry entry, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        Task durable;
        lock (_gate)
        {
            if (Find(entry.Tenant, entry.Id) is not { } book || (entry.Review is not null && book.Summary.MachineVerdict is null)) return false;
            (var line, durable) = _journal.Append(entry.ToJson());
            Apply(entry, line);
            if (entry.Review is null) _journal.Erase();
        }

        await durable.WaitAsync(cancellationToken);
        return true;
    }

    private async Task WrittenAsync(string tenant, Analysis analysis, Task durable)
    {
        await durable;
        lock (_gate)
        {
            if (Find(tenant, analysis.Id) is { } book && ReferenceEquals(book.Unwritten, analysis)) book.Unwritten = null;
        }
    }

    private HistoryBook? Find(string tenant, string id) => _shelves.GetValueOrDefault(tenant)?.Find(id);

    private IEnumerable<HistoryBook> Books(string tenant) => _shelves.GetValueOrDefault(tenant)?.Books ?? [];

    private HistoryBook? Apply(HistoryEntry entry, JournalLine line)
    {
        if (!_shelves.TryGetValue(entry.Tenant, out var shelf)) _shelves.Add(entry.Tenant, shelf = new HistoryShelf(_journal.Drop));
        if (entry.Summary is { } summary) shelf.Put(entry.Id, new HistoryBook(summary, entry.Facts!, line));
        else if (entry.Review is { } review) shelf.Review(entry.Id, review, line);
        else shelf.Remove(entry.Id, line);
        return shelf.Find(entry.Id);
    }
}
