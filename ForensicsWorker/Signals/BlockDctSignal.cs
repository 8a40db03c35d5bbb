using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Compression;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Statistics of the face's 8 × 8 DCT coefficients (Giudice, Guarnera and Battiato 2021 describe generators by the scale of each frequency's
/// distribution): for each diagonal of frequencies the logarithm of the mean amplitude and, for the lower ones, how heavy the tails are.
/// Raw measure: logit of a linear classifier on them that <c>training/forensics</c> fits. Without one the signal says nothing.
/// </summary>
public sealed class BlockDctSignal : IForensicSignal
{
    private const int Diagonals = 14, Tails = 6;

    /// <summary>Grey levels below which an amplitude is rounding.</summary>
    private const double Rounding = 0.1;

    /// <inheritdoc/>
    public string Name => "block_dct";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (3, 0.5), (6, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var (squares, reason) = FaceSquares.Of(material);
        if (squares.Count == 0) return Measurement.NotApplicable(reason);
        var described = new List<double[]>();
        foreach (var (square, window) in squares)
        {
            // The grid of codecs starts at the frame's corner.
            var origin = material.Frames.Windows[window].Origin;
            int left = Phase(origin.X + square.X), top = Phase(origin.Y + square.Y);
            described.Add(Describe(BlockTransform.Grid(new LumaPlane(square.Luma, square.Side, square.Side), left, top)));
        }

        double[] features = [.. Enumerable.Range(0, Diagonals + Tails).Select(i => RobustStatistics.Median(described.Select(d => d[i]).ToArray()))];
        if (LinearClassifier.Logit(calibration, features) is not { } raw)
            return Measurement.NotApplicable("There is no classifier that holds beyond the sources it was fitted on.") with { Features = features };
        var score = calibration.Score(raw);
        return Measurement.Of(
            raw,
            score,
            score < 0.5 ? "Amplitudes of the face's block frequencies are distributed as in authentic faces." : "Few authentic faces have such amplitudes of block frequencies.",
            ("logit", raw), ("windows", squares.Count)) with
        {
            Features = features,
            Places = score < 0.5 ? [] : [FacePlace.Of(material.Frames.Windows[squares[0].Window], raw)],
        };
    }

    /// <summary>Amplitude of each diagonal, then weight of the tails of the first ones.</summary>
    /// <param name="coefficients">64 a block, row-major.</param>
    public static double[] Describe(ReadOnlySpan<float> coefficients)
    {
        double[] sums = new double[Diagonals + 1], squares = new double[Diagonals + 1], counts = new double[Diagonals + 1];
        for (var i = 0; i < coefficients.Length; i++)
        {
            var diagonal = i % 64 / 8 + i % 8;
            sums[diagonal] += Math.Abs(coefficients[i]);
            squares[diagonal] += (double)coefficients[i] * coefficients[i];
            counts[diagonal]++;
        }

        var features = new double[Diagonals + Tails];
        for (var d = 1; d <= Diagonals; d++)
        {
            var mean = sums[d] / Math.Max(1, counts[d]);
            features[d - 1] = Math.Log2(mean + Rounding);
            if (d <= Tails) features[Diagonals + d - 1] = Math.Log2((Math.Sqrt(squares[d] / Math.Max(1, counts[d])) + Rounding) / (mean + Rounding));
        }

        return features;
    }

    private static int Phase(float origin) => (8 - ((int)Math.Round(origin) % 8 + 8) % 8) % 8;
}
