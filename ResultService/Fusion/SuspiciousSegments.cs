using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>One score of a face over time.</summary>
/// <param name="Seconds">Media time.</param>
/// <param name="Score">[0,1].</param>
public readonly record struct TimedScore(double Seconds, double Score);

/// <summary>
/// Stretches in which a face scores high: the log-odds are divided where their mean changes (<see cref="ChangePoints"/>), and the stretches whose mean
/// score lies half-way between the two verdict thresholds or higher are suspicious; neighbouring ones are one. A stretch reaches half-way to
/// the neighbouring samples and ends where the face was not seen for three sampling intervals.
/// </summary>
public static class SuspiciousSegments
{
    private const double LogitClamp = 8;

    /// <summary>Finds the stretches of one track.</summary>
    /// <param name="trackId">The track.</param>
    /// <param name="scores">By time.</param>
    /// <param name="interval">Usual seconds between samples.</param>
    /// <param name="thresholds">Verdict thresholds.</param>
    public static IEnumerable<Segment> Find(int trackId, IReadOnlyList<TimedScore> scores, double interval, VerdictThresholds thresholds)
    {
        var enter = (thresholds.Suspicious + thresholds.Manipulated) / 2;
        for (int seen = 0, gone; seen < scores.Count; seen = gone)
        {
            gone = seen + 1;
            while (gone < scores.Count && scores[gone].Seconds - scores[gone - 1].Seconds <= 3 * interval) gone++;
            var begin = -1;
            foreach (var (first, end) in Stretches(scores, seen, gone))
            {
                var high = Mean(first, end) >= enter;
                if (high && begin < 0) begin = first;
                if (!high && begin >= 0)
                {
                    yield return Close(begin, first - 1);
                    begin = -1;
                }
            }

            if (begin >= 0) yield return Close(begin, gone - 1);
        }

        double Mean(int first, int end)
        {
            var sum = 0.0;
            for (var i = first; i < end; i++) sum += scores[i].Score;
            return sum / (end - first);
        }

        Segment Close(int first, int last) => new(Between(first, first - 1), Between(last, last + 1), Math.Round(Mean(first, last + 1), 4), trackId);

        double Between(int at, int neighbour)
        {
            if (neighbour < 0 || neighbour >= scores.Count) return scores[at].Seconds;
            var reach = Math.Clamp((scores[neighbour].Seconds - scores[at].Seconds) / 2, -interval / 2, interval / 2);
            return Math.Round(scores[at].Seconds + reach, 3);
        }
    }

    private static IEnumerable<(int First, int End)> Stretches(IReadOnlyList<TimedScore> scores, int first, int end)
    {
        var logits = new double[end - first];
        for (var i = 0; i < logits.Length; i++) logits[i] = Logit.Of(scores[first + i].Score, LogitClamp);
        var begin = first;
        foreach (var stretch in ChangePoints.Find(logits))
        {
            yield return (begin, first + stretch);
            begin = first + stretch;
        }
    }
}
