using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Noise of the face against noise of what surrounds it. A camera's noise and a codec's rounding are alike in neighbouring regions of
/// like brightness; a face that was rendered, resized or filtered before it was pasted carries other noise. The picture is high-passed
/// by a second-order kernel of the spatial rich model (Fridrich and Kodovský 2012); blocks of 16 pixels without structure give the log2
/// of their robust residual deviation; the difference between the medians of face and surroundings, over the robust spread of blocks, is
/// the effect size. Its median over the windows is mapped by a logistic curve of its absolute value. Make-up, shallow depth of field and
/// skin filters of phones have the same effect. Compression rounds faint noise to nothing, in smooth surroundings before the face: where
/// either side has less than <see cref="FaintNoise"/> left, the comparison is not made (without that rule, real FaceForensics++ clips
/// scored like fakes: 1.0).
/// </summary>
public sealed class NoiseResidualSignal : IForensicSignal
{
    /// <summary>Effect size at which the score is one half, and how fast it rises.</summary>
    private const double HalfEffect = 2, ScaleEffect = 0.5;

    /// <summary>Residual deviation in grey levels below which compression has eaten the noise.</summary>
    public const double FaintNoise = 0.6;

    private const int Block = 16, MinBlocks = 8;
    private const float Structure = 12, Dark = 16, Bright = 240;

    // Below a twentieth of a grey level noise is rounding; the spread of blocks is never trusted to be smaller than a tenth of an octave.
    private const double NoiseFloor = 0.05, SpreadFloor = 0.1;

    /// <inheritdoc/>
    public string Name => "noise_residual";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var frames = material.Frames;
        if (frames.Windows.Count == 0) return Measurement.NotApplicable("No face was found.");
        var found = new List<NoiseContrast>();
        for (var i = 0; i < frames.Windows.Count; i++)
            if (Compare(material.Plane(i), frames.Windows[i].Face) is { } contrast) found.Add(contrast);
        if (found.Count == 0) return Measurement.NotApplicable("Too little smooth area in or around the face to compare.");
        found.RemoveAll(c => Math.Min(c.FaceNoise, c.SurroundingNoise) < FaintNoise);
        if (found.Count == 0) return Measurement.NotApplicable("Compression has removed the noise.");

        var effect = RobustStatistics.Median(found.Select(c => c.Effect).ToArray());
        var raw = Score(effect);
        var score = calibration.Score(raw);
        var reason = score < 0.5 ? "The face carries the same noise as its surroundings."
            : effect > 0 ? "The face carries more noise than its surroundings." : "The face carries less noise than its surroundings.";
        return Measurement.Of(
            raw,
            score,
            reason,
            ("effect_size", effect),
            ("difference_octaves", RobustStatistics.Median(found.Select(c => c.Difference).ToArray())),
            ("face_noise", RobustStatistics.Median(found.Select(c => c.FaceNoise).ToArray())),
            ("surrounding_noise", RobustStatistics.Median(found.Select(c => c.SurroundingNoise).ToArray())),
            ("windows", found.Count));
    }

    /// <summary>The score of an effect size; rises with its absolute value.</summary>
    public static double Score(double effect) => RobustStatistics.Logistic((Math.Abs(effect) - HalfEffect) / ScaleEffect);

    /// <summary>Compares the noise of a face with its surroundings; null when either has too few smooth blocks.</summary>
    /// <param name="plane">Picture around the face.</param>
    /// <param name="face">The face in its pixels.</param>
    public static NoiseContrast? Compare(LumaPlane plane, Box face)
    {
        List<double> inside = [], outside = [];
        Span<double> residual = stackalloc double[Block * Block];
        for (var y = 1; y + Block < plane.Height; y += Block)
        {
            for (var x = 1; x + Block < plane.Width; x += Block)
            {
                var distance = Distance(face, x + Block / 2f, y + Block / 2f);
                // Between the two lie hair, ears and the seam of a swap: neither face nor surroundings.
                var group = distance < 0.85f ? inside : distance > 1.3f ? outside : null;
                if (group is null || !IsSmooth(plane, x, y)) continue;
                for (var i = 0; i < residual.Length; i++) residual[i] = HighPass(plane, x + i % Block, y + i / Block);
                var (_, deviation) = RobustStatistics.MedianAndDeviation(residual);
                group.Add(Math.Log2(Math.Max(deviation, NoiseFloor)));
            }
        }

        if (inside.Count < MinBlocks || outside.Count < MinBlocks) return null;
        var (faceNoise, faceSpread) = RobustStatistics.MedianAndDeviation(inside.ToArray());
        var (surroundingNoise, surroundingSpread) = RobustStatistics.MedianAndDeviation(outside.ToArray());
        var difference = faceNoise - surroundingNoise;
        var spread = Math.Max(SpreadFloor, Math.Sqrt((faceSpread * faceSpread + surroundingSpread * surroundingSpread) / 2));
        return new NoiseContrast(difference / spread, difference, double.Exp2(faceNoise), double.Exp2(surroundingNoise));
    }

    /// <summary>How far a point lies from the middle of the face: 1 on the ellipse in its box.</summary>
    private static float Distance(Box face, float x, float y)
    {
        var dx = (x - face.X - face.Width / 2) / (face.Width / 2);
        var dy = (y - face.Y - face.Height / 2) / (face.Height / 2);
        return MathF.Sqrt(dx * dx + dy * dy);
    }

    /// <summary>Neither clipped nor structured: the means of its 4 × 4 parts, which noise hardly moves, lie close together.</summary>
    private static bool IsSmooth(LumaPlane plane, int x, int y)
    {
        float low = float.MaxValue, high = float.MinValue;
        for (var part = 0; part < 16; part++)
        {
            float sum = 0;
            for (var row = 0; row < 4; row++)
                foreach (var value in plane.Pixels.AsSpan((y + part / 4 * 4 + row) * plane.Width + x + part % 4 * 4, 4)) sum += value;
            low = Math.Min(low, sum / 16);
            high = Math.Max(high, sum / 16);
        }

        return low >= Dark && high <= Bright && high - low <= Structure;
    }

    /// <summary>The 3 × 3 kernel (−1 2 −1; 2 −4 2; −1 2 −1) / 4: zero on constant and linear ramps along either axis.</summary>
    private static double HighPass(LumaPlane plane, int x, int y)
    {
        var p = plane.Pixels;
        var w = plane.Width;
        var at = y * w + x;
        return (2 * (p[at - 1] + p[at + 1] + p[at - w] + p[at + w]) - p[at - w - 1] - p[at - w + 1] - p[at + w - 1] - p[at + w + 1] - 4 * p[at]) / 4;
    }
}

/// <summary>Noise of a face against its surroundings.</summary>
/// <param name="Effect">Difference over the spread of blocks.</param>
/// <param name="Difference">Difference in octaves (log2); positive when the face is noisier.</param>
/// <param name="FaceNoise">Residual deviation of the face, grey levels.</param>
/// <param name="SurroundingNoise">The same of its surroundings.</param>
public readonly record struct NoiseContrast(double Effect, double Difference, double FaceNoise, double SurroundingNoise);
