using Deepfake.InferenceWorker.Models;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Turns a network's output into log-odds of <em>manipulated</em>.</summary>
/// <param name="output">What the output holds.</param>
/// <param name="columns">Numbers a row, 1 or 2.</param>
public sealed class ScoreDecoder(ModelOutput output, int columns)
{
    private const double Edge = 1e-7;

    /// <summary>Log-odds of each crop.</summary>
    /// <param name="values">Rows of the output; the views of a crop follow each other.</param>
    /// <param name="views">Rows a crop; their log-odds are averaged.</param>
    /// <param name="logits">Takes one number a crop; NaN where the network gave no number.</param>
    /// <returns>The same numbers.</returns>
    public ReadOnlySpan<double> Logits(ReadOnlySpan<float> values, int views, Span<double> logits)
    {
        for (var i = 0; i < logits.Length; i++)
        {
            double sum = 0;
            for (var v = 0; v < views; v++) sum += Logit(values.Slice((i * views + v) * columns, columns));
            logits[i] = sum / views;
        }

        return logits;
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
