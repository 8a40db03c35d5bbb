using Deepfake.InferenceWorker.Models;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Turns a network's output into log-odds of <em>manipulated</em>.</summary>
/// <param name="output">What the output holds.</param>
/// <param name="columns">Numbers a row, 1 or 2.</param>
public sealed class ScoreDecoder(ModelOutput output, int columns)
{
    private const double Edge = 1e-7;

    /// <summary>Mean log-odds of some rows.</summary>
    /// <param name="values">Rows of the output.</param>
    /// <param name="first">The first one.</param>
    /// <param name="rows">How many, at least one.</param>
    /// <returns>NaN where the network gave no number.</returns>
    public double Logit(ReadOnlySpan<float> values, int first, int rows)
    {
        double sum = 0;
        for (var row = first; row < first + rows; row++) sum += Logit(values.Slice(row * columns, columns));
        return sum / rows;
    }

    private double Logit(ReadOnlySpan<float> row)
    {
        var logit = output.Kind switch
        {
            OutputKind.TwoClassLogits => (double)row[1] - row[0],
            OutputKind.Logit => row[0],
            _ => LogOdds(row[columns - 1]),
        };
        // An infinite score is a fault of the network, not a certainty.
        return double.IsFinite(logit) ? (output.FakeIndex == 1 ? logit : -logit) : double.NaN;
    }

    private static double LogOdds(double p) => p is >= 0 and <= 1
        ? Math.Log(Math.Clamp(p, Edge, 1 - Edge)) - Math.Log(1 - Math.Clamp(p, Edge, 1 - Edge))
        : double.NaN;
}
