using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>Every final result, for as long as it is kept: PostgreSQL, or the SQLite file of an embedded host.</summary>
public interface IHistoryStore
{
    /// <summary>Stores a final record; storing the same id again replaces it, but never a review.</summary>
    Task SaveAsync(string tenant, Analysis analysis, CancellationToken cancellationToken);

    /// <summary>One result, under its review if there is one; null if unknown or of another tenant.</summary>
    Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken);

    /// <summary>Results, newest first, in a stable order.</summary>
    Task<AnalysisPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken);

    /// <summary>Counts, latencies and agreements over the results of a tenant.</summary>
    Task<HistoryStatistics> GetStatisticsAsync(string tenant, HistoryWindow window, CancellationToken cancellationToken);

    /// <summary>Puts a reviewer's verdict above the machine's, in place of an earlier one.</summary>
    /// <returns>False if there is no such result, or it has no verdict.</returns>
    Task<bool> SetReviewAsync(string tenant, string id, Review review, CancellationToken cancellationToken);

    /// <summary>Ids of results whose time is over, in no particular order.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="now">Results that expire by themselves before this or at it.</param>
    /// <param name="endedBefore">Results that ended before this, if they say nothing of their own; null for none.</param>
    /// <param name="limit">At most this many.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<string>> FindExpiredAsync(string tenant, DateTimeOffset now, DateTimeOffset? endedBefore, int limit, CancellationToken cancellationToken);

    /// <summary>Owners of results.</summary>
    Task<IReadOnlyList<string>> ListTenantsAsync(CancellationToken cancellationToken);

    /// <summary>Removes a result.</summary>
    /// <returns>False if unknown or of another tenant.</returns>
    Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken);
}

/// <summary>What to list.</summary>
public sealed record HistoryQuery
{
    /// <summary>Entries a page, 1–200.</summary>
    public int Limit { get; init; } = 50;

    /// <summary><see cref="AnalysisPage.NextCursor"/> of the page before; null for the first.</summary>
    public string? Cursor { get; init; }

    /// <summary>Only this verdict, as shown.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Only this status.</summary>
    public AnalysisStatus? Status { get; init; }

    /// <summary>Only media of this kind.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>Only this medium: 64 lower-case hex digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>Only the client's name for it.</summary>
    public string? Reference { get; init; }

    /// <summary>Only what has this in its file name or reference, in any case.</summary>
    public string? Text { get; init; }

    /// <summary>Only with at least this score, 0–100.</summary>
    public double? MinScore { get; init; }

    /// <summary>Only with at most this score, 0–100.</summary>
    public double? MaxScore { get; init; }

    /// <summary>Only what was accepted in this window.</summary>
    public HistoryWindow Window { get; init; } = HistoryWindow.Ever;

    /// <summary>Whether a result belongs to the list.</summary>
    public bool Matches(AnalysisSummary summary) =>
        (Verdict is null || summary.Verdict == Verdict)
        && (Status is null || summary.Status == Status)
        && (Kind is null || summary.Kind == Kind)
        && (Sha256 is null || summary.Sha256 == Sha256)
        && (Reference is null || summary.Reference == Reference)
        && (Text is null || HistoryTerms.SearchText(summary).Contains(HistoryTerms.Fold(Text), StringComparison.Ordinal))
        && (MinScore is null || summary.DeepfakeScore >= MinScore)
        && (MaxScore is null || summary.DeepfakeScore <= MaxScore)
        && Window.Holds(summary.CreatedAt);
}

/// <summary>A stretch of time.</summary>
/// <param name="From">First instant; null for any.</param>
/// <param name="To">The instant after the last; null for any.</param>
public readonly record struct HistoryWindow(DateTimeOffset? From, DateTimeOffset? To)
{
    /// <summary>All of time.</summary>
    public static HistoryWindow Ever { get; }

    /// <summary>Whether an instant lies inside.</summary>
    public bool Holds(DateTimeOffset time) => !(time < From) && !(time >= To);
}
