using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>
/// The signal <c>score_dynamics</c>: how the score of the deciding face moves over time. A face swapped for part of a film, or a method
/// that fails on some poses, shows as a wide spread; clustering tells a stretch (few runs) from flicker (many). Weight 0: for people.
/// </summary>
public static class ScoreDynamics
{
    /// <summary>Name of the signal.</summary>
    public const string Name = "score_dynamics";

    private const int MinSamples = 8;

    /// <summary>Measures the signal.</summary>
    /// <param name="scores">Scores of one face by time, [0,1].</param>
    public static Signal Measure(IReadOnlyList<double> scores)
    {
        if (scores.Count < MinSamples)
        {
            return new Signal
            {
                Name = Name,
                Applicable = false,
                Reason = $"Needs {MinSamples} scored samples of one face; there are {scores.Count}.",
            };
        }

        var sorted = scores.Order().ToArray();
        var spread = Quantile(sorted, 0.9) - Quantile(sorted, 0.1);
        var (runs, z) = Runs(scores, Quantile(sorted, 0.5));
        return new Signal
        {
            Name = Name,
            Score = Math.Round(spread, 4),
            Applicable = true,
            Reason = (spread, z) switch
            {
                ( < 0.3, _) => "The face scores much the same throughout.",
                (_, < -2) => "The score changes in stretches: parts of the film differ.",
                _ => "The score changes from sample to sample.",
            },
            Values = new Dictionary<string, double>
            {
                ["samples"] = scores.Count,
                ["spread"] = Math.Round(spread, 4),
                ["runs"] = runs,
                ["runs_z"] = Math.Round(z, 3),
            },
        };
    }

    // Wald–Wolfowitz runs test about the median: z far below 0 means fewer runs than chance, i.e. stretches.
    private static (int Runs, double Z) Runs(IReadOnlyList<double> scores, double median)
    {
        int runs = 1, above = 0;
        for (var i = 0; i < scores.Count; i++)
        {
            if (scores[i] > median) above++;
            if (i > 0 && scores[i] > median != scores[i - 1] > median) runs++;
        }

        double n = scores.Count, product = 2.0 * above * (n - above);
        var mean = product / n + 1;
        var variance = product * (product - n) / (n * n * (n - 1));
        return (runs, variance > 0 ? (runs - mean) / Math.Sqrt(variance) : 0);
    }

    // Linear interpolation between order statistics, as NumPy's default.
    private static double Quantile(double[] sorted, double q)
    {
        var at = q * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 < sorted.Length ? sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]) : sorted[below];
    }
}
