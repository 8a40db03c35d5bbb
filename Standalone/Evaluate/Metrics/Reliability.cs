namespace Deepfake.Standalone.Evaluate.Metrics;

/// <summary>Probabilities of one tenth, against what came true.</summary>
/// <param name="Low">Lower edge.</param>
/// <param name="High">Upper edge.</param>
/// <param name="Count">How many fell in.</param>
/// <param name="MeanProbability">Their mean.</param>
/// <param name="ShareFake">Share of fakes among them.</param>
public sealed record ReliabilityBin(double Low, double High, int Count, double MeanProbability, double ShareFake);

/// <summary>Whether probabilities mean what they say. Both classes of the set weigh as they come: the share of fakes shifts the answer.</summary>
/// <param name="Ece">Expected calibration error over ten bins of equal width.</param>
/// <param name="Brier">Mean squared error.</param>
/// <param name="Bins">The bins that hold anything.</param>
public sealed record Reliability(double Ece, double Brier, IReadOnlyList<ReliabilityBin> Bins)
{
    private const int Tenths = 10;

    /// <summary>Measures; null without values.</summary>
    /// <param name="probabilities">In [0,1].</param>
    /// <param name="fake">Whether each is a fake.</param>
    public static Reliability? Measure(IReadOnlyList<double> probabilities, IReadOnlyList<bool> fake)
    {
        if (probabilities.Count == 0) return null;
        var counts = new int[Tenths];
        double[] sums = new double[Tenths], fakes = new double[Tenths];
        var squares = 0.0;
        for (var i = 0; i < probabilities.Count; i++)
        {
            var bin = Math.Min((int)(probabilities[i] * Tenths), Tenths - 1);
            counts[bin]++;
            sums[bin] += probabilities[i];
            if (fake[i]) fakes[bin]++;
            squares += Math.Pow(probabilities[i] - (fake[i] ? 1 : 0), 2);
        }

        var bins = Enumerable.Range(0, Tenths).Where(b => counts[b] > 0)
            .Select(b => new ReliabilityBin(b / (double)Tenths, (b + 1) / (double)Tenths, counts[b], sums[b] / counts[b], fakes[b] / counts[b])).ToArray();
        var error = bins.Sum(bin => bin.Count * Math.Abs(bin.MeanProbability - bin.ShareFake)) / probabilities.Count;
        return new Reliability(error, squares / probabilities.Count, bins);
    }
}
