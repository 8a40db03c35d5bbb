using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>Every final result, for as long as it is kept: PostgreSQL, or the journal of the embedded host.</summary>
public interface IHistoryStore
{
    /// <summary>Stores a final record; storing the same id again replaces it.</summary>
    Task SaveAsync(string tenant, Analysis analysis, CancellationToken cancellationToken);

    /// <summary>One result; null if unknown or of another tenant.</summary>
    Task<Analysis?> FindAsync(string tenant, string id, CancellationToken cancellationToken);

    /// <summary>Results, newest first, in a stable order.</summary>
    Task<HistoryPage> ListAsync(string tenant, HistoryQuery query, CancellationToken cancellationToken);

    /// <summary>Counts and latencies over all results of a tenant.</summary>
    Task<HistoryStatistics> GetStatisticsAsync(string tenant, CancellationToken cancellationToken);

    /// <summary>Removes a result.</summary>
    /// <returns>False if unknown or of another tenant.</returns>
    Task<bool> DeleteAsync(string tenant, string id, CancellationToken cancellationToken);
}

/// <summary>What to list.</summary>
public sealed record HistoryQuery
{
    /// <summary>Entries a page, 1–200.</summary>
    public int Limit { get; init; } = 50;

    /// <summary><see cref="HistoryPage.NextCursor"/> of the page before; null for the first.</summary>
    public string? Cursor { get; init; }

    /// <summary>Only this verdict.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Only this status.</summary>
    public AnalysisStatus? Status { get; init; }
}

/// <summary>One page of results.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="NextCursor">Opaque; null on the last page.</param>
public sealed record HistoryPage(IReadOnlyList<AnalysisSummary> Items, string? NextCursor);

/// <summary>One line of the history.</summary>
public sealed record AnalysisSummary
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>Final status.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Name the client gave.</summary>
    public string? FileName { get; init; }

    /// <summary>Image, animation or video.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>SHA-256 of the medium.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Verdict of a completed analysis.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>Code of a failed analysis.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public DateTimeOffset? CompletedAt { get; init; }
}

/// <summary>Counts and latencies.</summary>
public sealed record HistoryStatistics
{
    /// <summary>All results.</summary>
    public required long Total { get; init; }

    /// <summary>Results by status.</summary>
    public required IReadOnlyDictionary<string, long> ByStatus { get; init; }

    /// <summary>Completed results by verdict.</summary>
    public required IReadOnlyDictionary<string, long> ByVerdict { get; init; }

    /// <summary>Median seconds from acceptance to end of completed analyses; null without any.</summary>
    public double? MedianSeconds { get; init; }

    /// <summary>95th percentile of the same.</summary>
    public double? P95Seconds { get; init; }
}
