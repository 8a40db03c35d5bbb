using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Noise of the face against noise of what surrounds it. A camera's noise and a codec's rounding are alike in neighbouring blocks of
/// like brightness and like structure; a face that was rendered, resized or filtered before it was pasted carries other noise. Each block
/// of the face is compared with the blocks of the surroundings that are nearest to it in brightness and structure, because compression
/// leaves noise where there is structure and takes it where there is none. The median difference over the spread of the same
/// comparison among the surroundings alone, and of authentic faces, is the effect size; raw measure: its absolute value, median over the windows. Make-up, shallow
/// depth of field and skin filters of phones have the same effect.
/// </summary>
public sealed class NoiseResidualSignal : IForensicSignal
{
    private const int MinFace = 8, MinSurroundings = 24, Neighbours = 5, MaxReference = 256, MaxPlaces = 2;

    /// <summary>Octaves of structure and grey levels of brightness that count the same, and how far a like block may be in them.</summary>
    private const double StructureUnit = 0.5, BrightnessUnit = 24, Reach = 2;

    /// <summary>What is added to the spread of blocks, in octaves: authentic faces differ that much from like areas around them.</summary>
    private const double OwnSpread = 0.3;

    private const float MaxScale = 1.02f;

    /// <inheritdoc/>
    public string Name => "noise_residual";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0.7, 0), (1.5, 0.5), (3, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var windows = material.Frames.Windows;
        if (windows.Count == 0) return Measurement.NotApplicable("No face was found.");
        var found = new List<(NoiseContrast Contrast, int Window)>();
        var scaled = 0;
        for (var i = 0; i < windows.Count; i++)
        {
            var plane = material.Plane(i);
            if (windows[i].Origin.Width > MaxScale * plane.Width) scaled++;
            else if (Compare(plane, windows[i].Face) is { } contrast) found.Add((contrast, i));
        }

        if (found.Count == 0)
            return Measurement.NotApplicable(scaled > 0 ? "The frames are too large to be decoded pixel for pixel." : "Face and surroundings have too few areas alike enough to compare.");

        var effect = Median(found, c => c.Effect);
        var score = calibration.Score(Math.Abs(effect));
        var octaves = FormattableString.Invariant($"{Math.Abs(Median(found, c => c.Difference)):0.0} octaves");
        return Measurement.Of(
            Math.Abs(effect),
            score,
            score < 0.5 ? "The face carries the same noise as like areas around it."
                : effect > 0 ? $"The face carries {octaves} more noise than like areas around it." : $"The face carries {octaves} less noise than like areas around it.",
            ("effect_size", effect), ("difference_octaves", Median(found, c => c.Difference)), ("blocks", Median(found, c => c.Blocks)), ("windows", found.Count)) with
        {
            Places = score < 0.5 ? [] :
            [
                .. found.Where(f => Math.Sign(f.Contrast.Effect) == Math.Sign(effect)).OrderByDescending(f => Math.Abs(f.Contrast.Effect)).Take(MaxPlaces)
                    .Select(f => FacePlace.Of(windows[f.Window], f.Contrast.Effect)),
            ],
        };
    }

    /// <summary>Compares the noise of a face with its surroundings; null when there is too little alike.</summary>
    /// <param name="plane">Picture around the face.</param>
    /// <param name="face">The face in its pixels.</param>
    public static NoiseContrast? Compare(LumaPlane plane, Box face)
    {
        var ellipse = new FaceEllipse(face);
        List<NoiseBlock> inside = [], outside = [];
        foreach (var block in NoiseBlocks.Measure(plane))
        {
            var distance = ellipse.Distance(block.X, block.Y);
            if (distance < FaceEllipse.Inside) inside.Add(block);
            else if (distance > FaceEllipse.Outside) outside.Add(block);
        }

        if (inside.Count < MinFace || outside.Count < MinSurroundings) return null;
        var differences = Differences(inside, outside);
        var step = (outside.Count + MaxReference - 1) / MaxReference;
        var reference = Differences([.. outside.Where((_, i) => i % step == 0)], outside);
        if (differences.Length < MinFace || reference.Length < MinSurroundings) return null;
        var blocks = differences.Length;
        var (_, spread) = RobustStatistics.MedianAndDeviation(reference);
        var difference = RobustStatistics.Median(differences);
        return new NoiseContrast(difference / double.Hypot(spread, OwnSpread), difference, blocks);
    }

    /// <summary>Noise of each block minus that of the blocks most like it; blocks without enough of those are left out.</summary>
    private static double[] Differences(List<NoiseBlock> blocks, List<NoiseBlock> among)
    {
        var differences = new List<double>(blocks.Count);
        Span<(double Distance, double Noise)> nearest = stackalloc (double, double)[Neighbours];
        foreach (var block in blocks)
        {
            nearest.Fill((double.MaxValue, 0));
            foreach (var other in among)
            {
                if (Math.Abs(other.X - block.X) < 2 * NoiseBlocks.Side && Math.Abs(other.Y - block.Y) < 2 * NoiseBlocks.Side) continue;
                double structure = (other.Structure - block.Structure) / StructureUnit, brightness = (other.Brightness - block.Brightness) / BrightnessUnit;
                var distance = structure * structure + brightness * brightness;
                if (distance >= nearest[^1].Distance) continue;
                var at = Neighbours - 1;
                for (; at > 0 && distance < nearest[at - 1].Distance; at--) nearest[at] = nearest[at - 1];
                nearest[at] = (distance, other.Noise);
            }

            if (nearest[^1].Distance > Reach * Reach) continue;
            double sum = 0;
            foreach (var (_, noise) in nearest) sum += noise;
            differences.Add(block.Noise - sum / Neighbours);
        }

        return [.. differences];
    }

    private static double Median(List<(NoiseContrast Contrast, int Window)> found, Func<NoiseContrast, double> value) =>
        RobustStatistics.Median(found.Select(f => value(f.Contrast)).ToArray());
}

/// <summary>Noise of a face against its surroundings.</summary>
/// <param name="Effect">Difference over the spread of blocks; positive when the face is noisier.</param>
/// <param name="Difference">Difference in octaves (log2).</param>
/// <param name="Blocks">Blocks of the face that were compared.</param>
public readonly record struct NoiseContrast(double Effect, double Difference, int Blocks);
