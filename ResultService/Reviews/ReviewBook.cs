using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Versions;

namespace Deepfake.ResultService.Reviews;

/// <summary>
/// Keeps what reviewers say. The document is the truth and is written first; the history shows its latest word on every version of the
/// medium, and a sweeper brings there what broke off in between.
/// </summary>
public sealed class ReviewBook(
    IDocumentStore<ReviewFile> files, IAnalysisStore analyses, IHistoryStore history, VersionBook versions, ResultMetrics metrics, TimeProvider time)
{
    /// <summary>Most reviews of one medium that are kept; older ones give way, except the first.</summary>
    public const int MaxReviews = 50;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>All reviews of a medium; null without any.</summary>
    public async Task<ReviewFile?> FindAsync(string tenant, string first, CancellationToken cancellationToken) =>
        (await files.FindAsync(tenant, first, cancellationToken))?.Value;

    /// <summary>Reviews by the id of the first analysis.</summary>
    public async Task<IReadOnlyList<ReviewFile>> ListAsync(string tenant, string? after, int limit, CancellationToken cancellationToken) =>
        [.. (await files.ListAsync(tenant, after, limit, cancellationToken)).Select(document => document.Value)];

    /// <summary>Adds a review and shows it.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="analysis">The version that was looked at; completed.</param>
    /// <param name="review">What the reviewer says.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False if it was removed meanwhile.</returns>
    public async Task<bool> AddAsync(string tenant, Analysis analysis, Review review, CancellationToken cancellationToken)
    {
        var first = analysis.ReprocessOf ?? analysis.Id;
        var entry = ReviewEntry.Of(analysis, review);
        while (true)
        {
            var due = time.GetUtcNow() + Patience;
            if (await files.FindAsync(tenant, first, cancellationToken) is { } known)
            {
                List<ReviewEntry> reviews = [.. known.Value.Reviews, entry];
                if (reviews.Count > MaxReviews) reviews.RemoveAt(1);
                if (await files.TryUpdateAsync(known with { Value = known.Value with { Reviews = reviews }, Due = due }, cancellationToken)) break;
            }
            else
            {
                var file = new ReviewFile { AnalysisId = first, Media = analysis.Media, Reference = analysis.Reference, Reviews = [entry] };
                if (await files.TryAddAsync(new Document<ReviewFile>(tenant, first, file, due), cancellationToken)) break;
            }
        }

        metrics.Reviewed(entry.MachineVerdict, review.Verdict);
        await ShowAsync(tenant, first, cancellationToken);
        if (await IsKnownAsync(tenant, first, cancellationToken)) return true;
        await ForgetAsync(tenant, first, cancellationToken);
        return false;
    }

    /// <summary>Brings the latest word into the history.</summary>
    public async Task ShowAsync(string tenant, string first, CancellationToken cancellationToken)
    {
        if (await files.FindAsync(tenant, first, cancellationToken) is not { } document) return;
        var latest = document.Value.Reviews[^1];
        var isShown = false;
        foreach (var run in await versions.ListAsync(tenant, first, cancellationToken))
            isShown |= await history.SetReviewAsync(tenant, run, latest.Review, cancellationToken) && run == VersionBook.IdOf(first, latest.Version);
        // What is over but not in the history yet is tried again; of what is gone only the document is left.
        if (!isShown && await analyses.FindAsync(tenant, VersionBook.IdOf(first, latest.Version), cancellationToken) is not null) return;
        // Whoever changed the document meanwhile shows its word itself.
        await files.TryUpdateAsync(document with { Due = null }, cancellationToken);
    }

    /// <summary>Shows the latest word on the medium on a version that came after it.</summary>
    public async Task CarryOverAsync(string tenant, string first, string run, CancellationToken cancellationToken)
    {
        if (await FindAsync(tenant, first, cancellationToken) is { } file) await history.SetReviewAsync(tenant, run, file.Reviews[^1].Review, cancellationToken);
    }

    /// <summary>Removes all reviews of a medium that is removed.</summary>
    public Task ForgetAsync(string tenant, string first, CancellationToken cancellationToken) => files.TryDeleteAsync(tenant, first, null, cancellationToken);

    private async Task<bool> IsKnownAsync(string tenant, string first, CancellationToken cancellationToken) =>
        await analyses.FindAsync(tenant, first, cancellationToken) is not null || await history.FindAsync(tenant, first, cancellationToken) is not null;
}
