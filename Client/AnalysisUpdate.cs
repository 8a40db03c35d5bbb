using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>One event of an analysis.</summary>
public sealed record AnalysisUpdate
{
    /// <summary>The analysis.</summary>
    public required string Id { get; init; }

    /// <summary>Position in its event log, from 1; 0 where it was found by polling.</summary>
    public long Sequence { get; init; }

    /// <summary>Status.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Stage.</summary>
    public required Stage Stage { get; init; }

    /// <summary>Share done, 0–100.</summary>
    public required double Percent { get; init; }

    /// <summary>Estimated seconds to the end; null if unknown.</summary>
    public double? SecondsRemaining { get; init; }

    /// <summary>When (UTC).</summary>
    public DateTimeOffset At { get; init; }

    /// <summary>The verdict, with the last event of a completed analysis.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>The score, 0–100, with the last event.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>Why it failed, with the last event of a failed one.</summary>
    public AnalysisError? Error { get; init; }

    /// <summary>Whether it is the last.</summary>
    public bool IsOver => Status is AnalysisStatus.Completed or AnalysisStatus.Failed or AnalysisStatus.Cancelled;

    internal static AnalysisUpdate Of(Analysis analysis) => new()
    {
        Id = analysis.Id,
        Status = analysis.Status,
        Stage = analysis.Stage,
        Percent = analysis.Progress,
        SecondsRemaining = analysis.SecondsRemaining,
        At = analysis.CompletedAt ?? analysis.UpdatedAt ?? analysis.CreatedAt,
        Verdict = analysis.Verdict,
        DeepfakeScore = analysis.DeepfakeScore,
        Error = analysis.Error,
    };
}
