using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>What a score is worth: how media that the fit was measured on score, authentic ones and fakes that no member had learnt.</summary>
/// <param name="Real">Probabilities of authentic media at evenly spaced shares from 0 to 1, ascending, at least two.</param>
/// <param name="Fake">The same of fakes.</param>
public sealed record ScoreQuantiles(IReadOnlyList<double> Real, IReadOnlyList<double> Fake)
{
    /// <summary>Whether both are ascending probabilities.</summary>
    public bool IsValid => new[] { Real, Fake }.All(values => values is { Count: >= 2 and <= 1001 } && values.All(p => p is >= 0 and <= 1) && values.Zip(values.Skip(1)).All(pair => pair.First <= pair.Second));

    /// <summary>Shares of authentic media and of fakes that score as high, never below half of the step between quantiles: what was not seen may still be.</summary>
    public ScoreMeaning Meaning(double probability) => new(Above(Real, probability), Above(Fake, probability));

    private static double Above(IReadOnlyList<double> quantiles, double probability)
    {
        var steps = quantiles.Count - 1;
        var below = 0;
        while (below < quantiles.Count && quantiles[below] < probability) below++;
        // Between two quantiles evenly; at equal ones the lowest share counts.
        var share = below == 0 ? 0
            : below > steps ? 1
            : (below - 1 + (probability - quantiles[below - 1]) / (quantiles[below] - quantiles[below - 1])) / steps;
        return Math.Round(Math.Clamp(1 - share, 0.5 / steps, 1), 4);
    }
}
