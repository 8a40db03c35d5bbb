using Deepfake.Infrastructure.History;

namespace Deepfake.IngestService.Compat;

/// <summary>Answer of <c>GET /api/stats</c>, over all ended analyses of the tenant; <c>/v1/statistics</c> knows more.</summary>
public sealed record DetectionStats
{
    /// <summary>All.</summary>
    public required long TotalAnalyses { get; init; }

    /// <summary>With a verdict.</summary>
    public required long Completed { get; init; }

    /// <summary>Without one.</summary>
    public required long Failed { get; init; }

    /// <summary>Called manipulated.</summary>
    public required long DeepfakesDetected { get; init; }

    /// <summary>Called authentic.</summary>
    public required long Authentic { get; init; }

    /// <summary>Called suspicious.</summary>
    public required long Suspicious { get; init; }

    /// <summary>Not to be known.</summary>
    public required long Inconclusive { get; init; }

    /// <summary>Share of the completed that are called manipulated, 0–1; null without any.</summary>
    public double? DetectionRate { get; init; }

    /// <summary>Mean seconds from acceptance to end; null without any.</summary>
    public double? AverageProcessingTime { get; init; }

    /// <summary>Of all media.</summary>
    public required long BytesProcessed { get; init; }

    /// <summary>From what the history counts.</summary>
    internal static DetectionStats Of(HistoryStatistics all)
    {
        var completed = all.ByStatus.GetValueOrDefault("completed");
        var manipulated = all.ByVerdict.GetValueOrDefault("manipulated");
        return new DetectionStats
        {
            TotalAnalyses = all.Total,
            Completed = completed,
            Failed = all.ByStatus.GetValueOrDefault("failed"),
            DeepfakesDetected = manipulated,
            Authentic = all.ByVerdict.GetValueOrDefault("authentic"),
            Suspicious = all.ByVerdict.GetValueOrDefault("suspicious"),
            Inconclusive = all.ByVerdict.GetValueOrDefault("inconclusive"),
            DetectionRate = completed > 0 ? Math.Round((double)manipulated / completed, 4) : null,
            AverageProcessingTime = all.Latency is { } latency ? Math.Round(latency.Mean, 3) : null,
            BytesProcessed = all.Bytes,
        };
    }
}
