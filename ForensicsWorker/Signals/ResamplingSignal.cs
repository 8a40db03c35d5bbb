using System.Globalization;
using System.Numerics;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Periodic dependence between neighbouring pixels, which enlarging, turning or warping by interpolation leaves (Popescu and Farid 2005), in the
/// fast form of Kirchner 2008: a fixed linear predictor, the map of how well each pixel is predicted, and the highest peak of that map's
/// spectrum over its surroundings. Frequencies that blocks of 8 pixels make are left out. Raw measure: the peak in dB, median over the windows.
/// Compression wipes the trace out; a low score says nothing.
/// </summary>
public sealed class ResamplingSignal : IForensicSignal
{
    private const int Ring = 3;

    /// <summary>Grey levels of prediction error at which a pixel counts as badly predicted.</summary>
    private const double ErrorScale = 2;

    /// <summary>Cycles a pixel below which texture is, not interpolation; and steps of the spectrum next to a multiple of 1/8 that blocks fill.</summary>
    private const double LowestFrequency = 0.1, BlockGuard = 1.5;

    /// <inheritdoc/>
    public string Name => "resampling";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((12, 0), (16, 0.5), (24, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var (squares, reason) = FaceSquares.Of(material);
        if (squares.Count == 0) return Measurement.NotApplicable(reason);
        var peaks = squares.Select(square => Peak(square.Square.Luma, square.Square.Side)).ToList();
        var raw = RobustStatistics.Median(peaks.Select(peak => peak.Decibels).ToArray());
        var score = calibration.Score(raw);
        var strongest = peaks.MaxBy(peak => peak.Decibels);
        return Measurement.Of(
            raw,
            score,
            string.Create(CultureInfo.InvariantCulture, $"Pixels of the face depend on their neighbours with a period whose peak stands {raw:0.0} dB out, {(score < 0.5 ? "as chance has it" : "as after enlarging or turning")}."),
            ("peak_db", raw), ("frequency_x", strongest.X), ("frequency_y", strongest.Y), ("windows", peaks.Count)) with
        {
            Places = score < 0.5 ? [] : [FacePlace.Of(material.Frames.Windows[squares[0].Window], raw)],
        };
    }

    /// <summary>The highest peak of the map's spectrum.</summary>
    /// <param name="luma">side · side numbers.</param>
    /// <param name="side">A power of two.</param>
    /// <returns>dB over the median of its neighbourhood, and its place in cycles a pixel.</returns>
    public static (double Decibels, double X, double Y) Peak(ReadOnlySpan<float> luma, int side)
    {
        var map = Map(luma, side);
        Fourier.Forward2D(map, side);
        var power = new double[side * side];
        for (var i = 0; i < power.Length; i++) power[i] = map[i].Real * map[i].Real + map[i].Imaginary * map[i].Imaginary;

        (double Decibels, double X, double Y) best = (0, 0, 0);
        Span<double> around = stackalloc double[(2 * Ring + 1) * (2 * Ring + 1)];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x <= side / 2; x++)
            {
                double fx = (double)x / side, fy = (double)(y <= side / 2 ? y : y - side) / side;
                if (Math.Sqrt(fx * fx + fy * fy) < LowestFrequency || IsBlocks(fx, side) || IsBlocks(fy, side)) continue;
                var value = power[y * side + x];
                if (!IsLocalMaximum(power, side, x, y, value)) continue;
                var count = 0;
                for (var dy = -Ring; dy <= Ring; dy++)
                    for (var dx = -Ring; dx <= Ring; dx++)
                        if (Math.Max(Math.Abs(dx), Math.Abs(dy)) > 1) around[count++] = power[(y + dy + side) % side * side + (x + dx + side) % side];
                var decibels = 10 * Math.Log10(value / (RobustStatistics.Median(around[..count]) + 1e-12));
                if (decibels > best.Decibels) best = (decibels, fx, fy);
            }
        }

        return best;
    }

    private static bool IsLocalMaximum(double[] power, int side, int x, int y, double value)
    {
        for (var dy = -1; dy <= 1; dy++)
            for (var dx = -1; dx <= 1; dx++)
                if ((dx != 0 || dy != 0) && power[(y + dy + side) % side * side + (x + dx + side) % side] > value) return false;
        return true;
    }

    /// <summary>At a multiple of 1/8 other than 0: the borders of a codec's blocks fill these whole lines.</summary>
    private static bool IsBlocks(double frequency, int side)
    {
        var eighths = Math.Round(8 * frequency);
        return eighths != 0 && Math.Abs(frequency - eighths / 8) * side < BlockGuard;
    }

    /// <summary>How well each pixel is predicted, 0–1, mean taken out, edges faded.</summary>
    private static Complex[] Map(ReadOnlySpan<float> luma, int side)
    {
        var map = new Complex[side * side];
        double sum = 0;
        for (var y = 1; y < side - 1; y++)
        {
            for (var x = 1; x < side - 1; x++)
            {
                var at = y * side + x;
                // Kirchner 2008, equation 19.
                var predicted = (luma[at - 1] + luma[at + 1] + luma[at - side] + luma[at + side]) / 2
                    - (luma[at - side - 1] + luma[at - side + 1] + luma[at + side - 1] + luma[at + side + 1]) / 4;
                double error = (luma[at] - predicted) / ErrorScale, value = Math.Exp(-error * error);
                map[at] = value;
                sum += value;
            }
        }

        var mean = sum / ((side - 2) * (side - 2));
        for (var y = 0; y < side; y++)
        {
            var fadeY = 0.5 - 0.5 * Math.Cos(2 * Math.PI * (y + 0.5) / side);
            for (var x = 0; x < side; x++)
                map[y * side + x] = (map[y * side + x].Real - mean) * fadeY * (0.5 - 0.5 * Math.Cos(2 * Math.PI * (x + 0.5) / side));
        }

        return map;
    }
}
