using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;

namespace Deepfake.ResultService.Merging;

/// <summary>One percentage over all stages: 5–44 frames, 45–95 scoring, 100 done; and what time that leaves.</summary>
public static class Progress
{
    /// <summary>Percent at a share of a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="fraction">[0,1]; held inside.</param>
    public static double Percent(Stage stage, double fraction)
    {
        var share = double.IsFinite(fraction) ? Math.Clamp(fraction, 0, 1) : 0;
        return stage switch
        {
            Stage.Queued => 1,
            Stage.Frames => 5 + 39 * share, // below the next stage's start: the store takes up a stage only with a higher percent
            Stage.Scoring => 45 + 50 * share,
            Stage.Fusion => 95,
            _ => 100,
        };
    }

    /// <summary>
    /// Seconds that a running analysis still needs, if it goes on as it went so far; never past its deadline. Null while too little is
    /// done to say, and when it is over.
    /// </summary>
    public static double? SecondsRemaining(AnalysisRecord record, AnalysisStatus status, double percent, DateTimeOffset now)
    {
        var elapsed = (now - record.AcceptedAt).TotalSeconds;
        if (status != AnalysisStatus.Running || percent < 5 || elapsed <= 0) return null;
        var left = elapsed * (100 - percent) / percent;
        return Math.Round(Math.Clamp(left, 0, Math.Max(0, (record.Deadline - now).TotalSeconds)), 1);
    }
}
