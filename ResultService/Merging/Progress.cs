using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;

namespace Deepfake.ResultService.Merging;

/// <summary>One percentage over all stages: 5–44 frames, 45–95 scoring, 100 done; and what time that leaves.</summary>
public static class Progress
{
    private const double Begin = 5;
    private const double Middle = 45;
    private const double End = 95;
    private const double MaxFactor = 4;

    /// <summary>Percent at a share of a stage.</summary>
    /// <param name="stage">The stage.</param>
    /// <param name="fraction">[0,1]; held inside.</param>
    public static double Percent(Stage stage, double fraction)
    {
        var share = double.IsFinite(fraction) ? Math.Clamp(fraction, 0, 1) : 0;
        return stage switch
        {
            Stage.Queued => 1,
            Stage.Frames => Begin + (Middle - Begin - 1) * share, // below the next stage's start: the store takes up a stage only with a higher percent
            Stage.Scoring => Middle + (End - Middle) * share,
            Stage.Fusion => End,
            _ => 100,
        };
    }

    /// <summary>
    /// Seconds from a moment to the end of a running analysis: what recent ones of its kind still needed at this point, stretched by as
    /// much as this one is slower so far; without recent ones, as if it went on as it went. Never past its deadline, never negative.
    /// </summary>
    /// <param name="record">The analysis.</param>
    /// <param name="status">Its status at the moment.</param>
    /// <param name="percent">Its percent at the moment.</param>
    /// <param name="startedAt">When the first worker reported.</param>
    /// <param name="at">The moment.</param>
    /// <param name="typical">What recent analyses of its kind took; null if not known.</param>
    /// <returns>Null when it is over or waits, and while too little is known.</returns>
    public static double? SecondsRemaining(AnalysisRecord record, AnalysisStatus status, double percent, DateTimeOffset? startedAt, DateTimeOffset at, StagePace? typical)
    {
        if (status != AnalysisStatus.Running || percent < Begin || startedAt is not { } started) return null;
        var elapsed = Math.Max(0, (at - started).TotalSeconds);
        double left;
        if (typical is { } pace)
        {
            var done = Math.Min(End, percent) - Begin;
            var typicalDone = pace.FramesSeconds * Math.Min(1, done / (Middle - Begin)) + pace.ScoringSeconds * Math.Max(0, (done + Begin - Middle) / (End - Middle));
            // The little that is seen at the beginning says little.
            var trust = done / (End - Begin);
            var factor = typicalDone > 0 ? 1 + trust * (Math.Clamp(elapsed / typicalDone, 1 / MaxFactor, MaxFactor) - 1) : 1;
            left = factor * Math.Max(0, pace.FramesSeconds + pace.ScoringSeconds - typicalDone);
        }
        else
        {
            if (percent <= Begin || elapsed <= 0) return null;
            left = elapsed * Math.Max(0, End - percent) / (percent - Begin);
        }

        return Math.Round(Math.Clamp(left, 0, Math.Max(0, (record.Deadline - at).TotalSeconds)), 1);
    }
}
