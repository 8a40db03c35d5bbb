namespace Deepfake.Infrastructure.History;

/// <summary>What the results of a tenant in a window of time say together.</summary>
public record HistoryStatistics
{
    /// <summary>All results.</summary>
    public required long Total { get; init; }

    /// <summary>Results by status.</summary>
    public required IReadOnlyDictionary<string, long> ByStatus { get; init; }

    /// <summary>Completed results by the machine's verdict.</summary>
    public required IReadOnlyDictionary<string, long> ByVerdict { get; init; }

    /// <summary>Failed results by error code.</summary>
    public required IReadOnlyDictionary<string, long> ByError { get; init; }

    /// <summary>Bytes of all media.</summary>
    public required long Bytes { get; init; }

    /// <summary>Seconds from acceptance to end of completed analyses; null without any.</summary>
    public required LatencyStatistics? Latency { get; init; }

    /// <summary>One entry a day (UTC) on which something was accepted, by day.</summary>
    public required IReadOnlyList<DayStatistics> Days { get; init; }

    /// <summary>One entry a model and version, by name.</summary>
    public required IReadOnlyList<ModelStatistics> Models { get; init; }

    /// <summary>How often there was no answer, and why.</summary>
    public required AbstentionStatistics Abstentions { get; init; }

    /// <summary>How reviewers and machine agree.</summary>
    public required ReviewStatistics Reviews { get; init; }
}

/// <summary>Percentiles with linear interpolation, in seconds.</summary>
/// <param name="Mean">Mean.</param>
/// <param name="P50">Median.</param>
/// <param name="P90">90th percentile.</param>
/// <param name="P95">95th percentile.</param>
/// <param name="P99">99th percentile.</param>
public sealed record LatencyStatistics(double Mean, double P50, double P90, double P95, double P99);

/// <summary>Results accepted on one day.</summary>
/// <param name="Day">The day (UTC).</param>
/// <param name="Total">All.</param>
/// <param name="ByStatus">By status.</param>
/// <param name="ByVerdict">Completed ones by the machine's verdict.</param>
public sealed record DayStatistics(DateOnly Day, long Total, IReadOnlyDictionary<string, long> ByStatus, IReadOnlyDictionary<string, long> ByVerdict);

/// <summary>What one model contributed to completed analyses.</summary>
/// <param name="Name">Name from its manifest.</param>
/// <param name="Version">Version from its manifest.</param>
/// <param name="Scored">Analyses in which it gave a score.</param>
/// <param name="Failed">Analyses in which it should have and did not.</param>
/// <param name="MeanScore">Mean of its scores, [0,1]; null without any.</param>
/// <param name="Agreement">Share of its scores on the same side of one half as the fused probability, [0,1]; null without any.</param>
public sealed record ModelStatistics(string Name, string Version, long Scored, long Failed, double? MeanScore, double? Agreement);

/// <summary>Completed analyses without an answer.</summary>
/// <param name="Count">How many.</param>
/// <param name="Rate">Share of the completed ones, [0,1]; null without any.</param>
/// <param name="Reasons">How often each reason was named among them.</param>
public sealed record AbstentionStatistics(long Count, double? Rate, IReadOnlyDictionary<string, long> Reasons);

/// <summary>Completed analyses that a person looked at.</summary>
/// <param name="Reviewed">How many.</param>
/// <param name="Agreed">In how many of them reviewer and machine say the same.</param>
/// <param name="Agreement">Their share, [0,1]; null without any.</param>
/// <param name="Pairs">How often each pair of verdicts came.</param>
public sealed record ReviewStatistics(long Reviewed, long Agreed, double? Agreement, IReadOnlyList<VerdictPair> Pairs);

/// <summary>A machine's verdict and a reviewer's.</summary>
/// <param name="Machine">What the machine said.</param>
/// <param name="Reviewer">What the reviewer said.</param>
/// <param name="Count">How often.</param>
public sealed record VerdictPair(string Machine, string Reviewer, long Count);
