using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Compression;

/// <summary>What a picture's coefficients say about an earlier compression.</summary>
/// <param name="Quality">Most likely earlier quality, one of the curve's.</param>
/// <param name="Gain">Log-likelihood of it over that of a single compression, nats a coefficient; about 0 or less for a single one.</param>
/// <param name="Coefficients">Coefficients that were not rounded to zero, which carry the evidence.</param>
/// <param name="Curve">The gain of each quality from <see cref="DoubleCompression.LowestQuality"/> on.</param>
public sealed record CompressionHistory(int Quality, double Gain, int Coefficients, IReadOnlyList<double> Curve);

/// <summary>
/// Earlier JPEG compression on the same grid, from histograms of coefficients. Quantising with a step q₁ and then with q₂ leaves combs
/// and gaps that quantising with q₂ alone does not (Lukáš and Fridrich 2003, "Estimation of primary quantization matrix in double
/// compressed JPEG images"). As there, the histogram before all compression is estimated from the same picture cut four pixels off the grid;
/// it is then quantised with every candidate and compared with what is there. Candidates are the standard tables of quality 30 to 99, so that
/// fifteen frequencies together vote for one number. An earlier step that divides the later one leaves nothing to be seen, and
/// neither does the same quality again.
/// </summary>
public static class DoubleCompression
{
    /// <summary>Lowest earlier quality that is tried; tables below are too coarse to leave coefficients.</summary>
    public const int LowestQuality = 30;

    /// <summary>Highest.</summary>
    public const int HighestQuality = 99;

    private const int Frequencies = 15, Levels = 64, Amplitudes = 1000;

    /// <summary>
    /// Deviation, in units of coefficients, that rounding of pixels and colour conversion add; measured: 0.4 to 0.7. The same for one compression as
    /// for two: else fine tables, where it matters, would look like a first quality of 99.
    /// </summary>
    private const double Rounding = 0.6;

    /// <summary>Nats that a candidate gains on few coefficients only because it smooths the estimate; measured on pictures compressed once.</summary>
    private const double Smoothing = 20;

    /// <summary>Share of coefficients that follow no model, so that single ones cannot decide.</summary>
    private const double Stray = 0.02;

    /// <summary>Looks for an earlier compression; null when fewer than <paramref name="least"/> coefficients carry evidence.</summary>
    /// <param name="aligned">Coefficients on the grid of the last compression, 64 a block, row-major.</param>
    /// <param name="shifted">The same four pixels off that grid in both directions.</param>
    /// <param name="table">Quantisation table of the last compression, zigzag order.</param>
    /// <param name="least">Coefficients that are needed.</param>
    public static CompressionHistory? Find(ReadOnlySpan<float> aligned, ReadOnlySpan<float> shifted, ReadOnlySpan<int> table, int least)
    {
        var curve = new double[HighestQuality - LowestQuality + 1];
        var gains = new Dictionary<int, double>();
        double count = 0;
        Span<double> predicted = stackalloc double[Levels];
        for (var n = 1; n <= Frequencies; n++)
        {
            int place = BlockTransform.Zigzag[n], step = table[n];
            var observed = Observed(aligned, place, step);
            var before = Before(shifted, place, step);
            count += observed.AsSpan(1).ToArray().Sum();
            Predict(before, 0, step, predicted);
            var single = Likelihood(observed, predicted);
            gains.Clear();
            for (var i = 0; i < curve.Length; i++)
            {
                var candidate = QuantisationTables.StandardDivisor(chroma: false, LowestQuality + i, n);
                if (!gains.TryGetValue(candidate, out var gain))
                {
                    Predict(before, candidate, step, predicted);
                    gains[candidate] = gain = Likelihood(observed, predicted) - single;
                }

                curve[i] += gain;
            }
        }

        if (count < least) return null;
        for (var i = 0; i < curve.Length; i++) curve[i] = (curve[i] - Smoothing) / count;
        var best = Array.IndexOf(curve, curve.Max());
        return new CompressionHistory(LowestQuality + best, curve[best], (int)count, curve);
    }

    /// <summary>How often each level occurs, signs aside.</summary>
    private static double[] Observed(ReadOnlySpan<float> coefficients, int place, int step)
    {
        var histogram = new double[Levels];
        for (var at = place; at < coefficients.Length; at += BlockTransform.Size)
        {
            var level = (int)(Math.Abs(coefficients[at]) / step + 0.5f);
            if (level < Levels) histogram[level]++;
        }

        return histogram;
    }

    /// <summary>
    /// Amplitudes before compression: those off the grid, smoothed over one step, since a trace of the quantisation is left even there.
    /// </summary>
    private static double[] Before(ReadOnlySpan<float> coefficients, int place, int step)
    {
        var counts = new double[Amplitudes];
        for (var at = place; at < coefficients.Length; at += BlockTransform.Size)
        {
            var amplitude = (int)(Math.Abs(coefficients[at]) + 0.5f);
            if (amplitude < Amplitudes) counts[amplitude]++;
        }

        counts[0] *= 2; // Both signs share every other place.
        var reach = step / 2;
        var smooth = new double[Amplitudes];
        for (var i = 0; i < Amplitudes; i++)
        {
            double sum = 0;
            for (var j = i - reach; j <= i + reach; j++)
                if (Math.Abs(j) < Amplitudes) sum += counts[Math.Abs(j)];
            smooth[i] = sum / (2 * reach + 1);
        }

        smooth[0] /= 2;
        return smooth;
    }

    /// <summary>Shares of the levels 1, 2 … after quantising with <paramref name="first"/> (0: not at all) and then <paramref name="last"/>.</summary>
    private static void Predict(double[] before, int first, int last, Span<double> levels)
    {
        levels.Clear();
        for (int from = 0, value = 0; from < before.Length; value++)
        {
            double mass = 0;
            double centre = first == 0 ? value : value * first;
            var until = first == 0 ? value + 1 : (int)Math.Ceiling((value + 0.5) * first);
            for (; from < until && from < before.Length; from++) mass += before[from];
            if (mass == 0) continue;
            var near = (int)(centre / last + 0.5);
            for (var level = Math.Max(0, near - 2); level <= near + 2 && level < levels.Length; level++)
            {
                var share = Normal(((level + 0.5) * last - centre) / Rounding) - Normal(((level - 0.5) * last - centre) / Rounding);
                if (level > 0) share += Normal(((-level + 0.5) * last - centre) / Rounding) - Normal(((-level - 0.5) * last - centre) / Rounding);
                levels[level] += mass * share;
            }
        }
    }

    /// <summary>Log-likelihood of the levels from 1 on, given that they are not 0: how many are 0 depends on the estimate most.</summary>
    private static double Likelihood(double[] observed, ReadOnlySpan<double> predicted)
    {
        double total = 0, likelihood = 0;
        for (var level = 1; level < Levels; level++) total += predicted[level];
        if (total <= 0) return 0;
        for (var level = 1; level < Levels; level++)
            if (observed[level] > 0) likelihood += observed[level] * Math.Log((1 - Stray) * predicted[level] / total + Stray / (Levels - 1));
        return likelihood;
    }

    /// <summary>Distribution function of the standard normal distribution to 1e-7 (Abramowitz and Stegun 26.2.17).</summary>
    private static double Normal(double x)
    {
        if (x > 6) return 1;
        if (x < -6) return 0;
        var t = 1 / (1 + 0.2316419 * Math.Abs(x));
        var tail = 0.3989422804014327 * Math.Exp(-x * x / 2)
            * t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))));
        return x < 0 ? tail : 1 - tail;
    }
}
