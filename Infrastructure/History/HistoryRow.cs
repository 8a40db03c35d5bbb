namespace Deepfake.Infrastructure.History;

/// <summary>One final result: what is searched as columns, the rest as JSON.</summary>
internal sealed class HistoryRow
{
    public required string Id { get; set; }

    public required string Tenant { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset? CompletedAt { get; set; }

    public required string Status { get; set; }

    /// <summary>The machine's.</summary>
    public string? Verdict { get; set; }

    public double? Score { get; set; }

    public required string Sha256 { get; set; }

    public string? Kind { get; set; }

    public string? Reference { get; set; }

    /// <summary>What a search for text looks into.</summary>
    public required string SearchText { get; set; }

    public string? ErrorCode { get; set; }

    public long SizeBytes { get; set; }

    /// <summary>Reason codes, for the statistics.</summary>
    public required string Reasons { get; set; }

    /// <summary>Name, version and score of each model, for the statistics.</summary>
    public required string Models { get; set; }

    public DateTimeOffset? ExpiresAt { get; set; }

    /// <summary>A <see cref="Contracts.Review"/>; saving a result never touches it.</summary>
    public string? Review { get; set; }

    public string? ReviewVerdict { get; set; }

    /// <summary>The reviewer's verdict where there is one, else the machine's.</summary>
    public string? ShownVerdict { get; set; }

    /// <summary>An <see cref="Contracts.AnalysisSummary"/>, so that a list reads no results.</summary>
    public required string Summary { get; set; }

    /// <summary>The whole <see cref="Contracts.Analysis"/>.</summary>
    public required string Result { get; set; }
}
