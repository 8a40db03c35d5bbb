using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>Lines of final records.</summary>
public static class AnalysisSummaries
{
    /// <summary>The line of a final record, times in whole microseconds.</summary>
    public static AnalysisSummary Summarise(this Analysis analysis) => new()
    {
        Id = analysis.Id,
        Status = analysis.Status,
        FileName = analysis.FileName,
        Reference = analysis.Reference,
        Kind = analysis.Media.Kind,
        Sha256 = analysis.Media.Sha256,
        Verdict = analysis.MachineVerdict ?? analysis.Verdict,
        MachineVerdict = analysis.MachineVerdict ?? analysis.Verdict,
        DeepfakeScore = analysis.DeepfakeScore,
        ErrorCode = analysis.Error?.Code,
        CreatedAt = HistoryTerms.ToStored(analysis.CreatedAt),
        CompletedAt = analysis.CompletedAt is { } completed ? HistoryTerms.ToStored(completed) : null,
        Version = analysis.Version,
        ReprocessOf = analysis.ReprocessOf,
    };
}
