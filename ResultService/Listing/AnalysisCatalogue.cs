using System.Runtime.CompilerServices;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;

namespace Deepfake.ResultService.Listing;

/// <summary>Running and ended analyses as one list, newest first, in pages that hold each analysis once while it moves from one store to the other.</summary>
internal sealed class AnalysisCatalogue(IAnalysisStore analyses, IHistoryStore history)
{
    /// <summary>One page.</summary>
    /// <exception cref="InvalidCursorException">The cursor is not one of ours.</exception>
    public async Task<AnalysisPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken)
    {
        var cursor = query.Cursor is { } text ? HistoryCursor.Parse(text) ?? throw new InvalidCursorException() : (HistoryCursor?)null;
        // The open ones first: what ends between the two reads is then in both, never in neither.
        var open = await ListOpenAsync(tenant, query, cursor, cancellationToken);
        var ended = query.Status is AnalysisStatus.Accepted or AnalysisStatus.Running
            ? new AnalysisPage([], null)
            : await history.ListAsync(tenant, query, cancellationToken);
        var known = ended.Items.Select(summary => summary.Id).ToHashSet(StringComparer.Ordinal);
        var merged = open.Where(summary => !known.Contains(summary.Id)).Concat(ended.Items)
            .OrderByDescending(summary => summary.CreatedAt).ThenByDescending(summary => summary.Id, StringComparer.Ordinal).ToList();
        var hasMore = merged.Count > query.Limit || ended.NextCursor is not null;
        var page = merged.Take(query.Limit).ToList();
        return new AnalysisPage(page, hasMore ? HistoryCursor.Behind(page[^1].CreatedAt, page[^1].Id).ToString() : null);
    }

    /// <summary>How many analyses of a tenant are not over.</summary>
    public async Task<long> CountUnfinishedAsync(string tenant, CancellationToken cancellationToken)
    {
        var count = 0L;
        await foreach (var state in OpenAsync(tenant, null, 500, cancellationToken)) count += state.IsOver ? 0 : 1;
        return count;
    }

    // One more than a page, so that it is seen whether there is another.
    private async Task<List<AnalysisSummary>> ListOpenAsync(string tenant, HistoryQuery query, HistoryCursor? cursor, CancellationToken cancellationToken)
    {
        var found = new List<AnalysisSummary>();
        await foreach (var state in OpenAsync(tenant, cursor, query.Limit + 1, cancellationToken))
        {
            var summary = state.IsOver && await analyses.FindResultAsync(tenant, state.Record.Id, cancellationToken) is { } result
                ? result.Summarise()
                : Summarise(state);
            if (query.Matches(summary)) found.Add(summary);
            if (found.Count > query.Limit) break;
        }

        return found;
    }

    private async IAsyncEnumerable<AnalysisState> OpenAsync(
        string tenant, HistoryCursor? after, int atOnce, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        IReadOnlyList<AnalysisState> page;
        do
        {
            page = await analyses.ListOpenAsync(tenant, after, atOnce, cancellationToken);
            foreach (var state in page) yield return state;
            if (page.Count > 0) after = HistoryCursor.Behind(page[^1].Record.AcceptedAt, page[^1].Record.Id);
        }
        while (page.Count == atOnce);
    }

    private static AnalysisSummary Summarise(AnalysisState state) => new()
    {
        Id = state.Record.Id,
        Status = state.Status,
        FileName = state.Record.FileName,
        Reference = state.Record.Reference,
        Sha256 = state.Record.Sha256,
        Version = state.Record.Version,
        ReprocessOf = state.Record.ReprocessOf,
        CreatedAt = HistoryCursor.Behind(state.Record.AcceptedAt, state.Record.Id).CreatedAt,
    };
}
