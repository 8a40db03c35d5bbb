namespace Deepfake.Contracts;

/// <summary>One page of a list of analyses.</summary>
/// <param name="Items">Newest first.</param>
/// <param name="NextCursor">Opaque; for the next page, null on the last.</param>
public sealed record AnalysisPage(IReadOnlyList<AnalysisSummary> Items, string? NextCursor);

/// <summary>One line of a list of analyses.</summary>
public sealed record AnalysisSummary
{
    /// <summary>Id.</summary>
    public required string Id { get; init; }

    /// <summary>Status.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Name the client gave.</summary>
    public string? FileName { get; init; }

    /// <summary>The client's own name for it.</summary>
    public string? Reference { get; init; }

    /// <summary>Image, animation or video.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>SHA-256 of the medium.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Verdict of a completed analysis: a reviewer's where there is one, else the machine's.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>What the machine said.</summary>
    public Verdict? MachineVerdict { get; init; }

    /// <summary>Whether a reviewer had a word.</summary>
    public bool Reviewed { get; init; }

    /// <summary>0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>Code of a failed analysis.</summary>
    public string? ErrorCode { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>Number among the analyses of the same stored medium, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The first analysis of this medium, if this is a later version.</summary>
    public string? ReprocessOf { get; init; }
}
