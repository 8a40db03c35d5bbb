using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>One score of a face over time.</summary>
/// <param name="Seconds">Media time.</param>
/// <param name="Score">[0,1].</param>
public readonly record struct TimedScore(double Seconds, double Score);

/// <summary>
/// Stretches in which a face scores high: the scores, smoothed by a median of three, enter a stretch half-way between the two verdict
/// thresholds and leave it below the lower one. A stretch reaches half-way to the neighbouring samples and ends where the face was not
/// seen for three sampling intervals.
/// </summary>
public static class SuspiciousSegments
{
    /// <summary>Finds the stretches of one track.</summary>
    /// <param name="trackId">The track.</param>
    /// <param name="scores">By time.</param>
    /// <param name="interval">Usual seconds between samples.</param>
    /// <param name="thresholds">Verdict thresholds.</param>
    public static IEnumerable<Segment> Find(int trackId, IReadOnlyList<TimedScore> scores, double interval, VerdictThresholds thresholds)
    {
        var enter = (thresholds.Suspicious + thresholds.Manipulated) / 2;
        var smooth = Smooth(scores);
        var begin = -1;
        for (var i = 0; i < scores.Count; i++)
        {
            var gap = i > 0 && scores[i].Seconds - scores[i - 1].Seconds > 3 * interval;
            if (begin >= 0 && (gap || smooth[i] < thresholds.Suspicious))
            {
                yield return Close(begin, i - 1);
                begin = -1;
            }

            if (begin < 0 && smooth[i] >= enter) begin = i;
        }

        if (begin >= 0) yield return Close(begin, scores.Count - 1);

        Segment Close(int first, int last)
        {
            var sum = 0.0;
            for (var i = first; i <= last; i++) sum += scores[i].Score;
            return new Segment(Between(first, first - 1), Between(last, last + 1), Math.Round(sum / (last - first + 1), 4), trackId);
        }

        double Between(int at, int neighbour)
        {
            if (neighbour < 0 || neighbour >= scores.Count) return scores[at].Seconds;
            var reach = Math.Clamp((scores[neighbour].Seconds - scores[at].Seconds) / 2, -interval / 2, interval / 2);
            return Math.Round(scores[at].Seconds + reach, 3);
        }
    }

    private static double[] Smooth(IReadOnlyList<TimedScore> scores)
    {
        var smooth = new double[scores.Count];
        for (var i = 0; i < smooth.Length; i++)
        {
            double a = scores[Math.Max(i - 1, 0)].Score, b = scores[i].Score, c = scores[Math.Min(i + 1, smooth.Length - 1)].Score;
            smooth[i] = Math.Max(Math.Min(a, b), Math.Min(Math.Max(a, b), c));
        }

        return smooth;
    }
}
