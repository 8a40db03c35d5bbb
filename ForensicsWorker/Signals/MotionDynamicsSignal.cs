using System.Numerics.Tensors;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// How the picture changes from one sampled frame to the next: exact repeats inside a moving medium (frozen or looped material) and
/// jumps (cuts, dropped parts). Sampled frames lie apart in time, so a scene that moves repeats none of them. The score is the share of
/// repeats among the steps, doubled; jumps are facts, since cuts are honest.
/// </summary>
public sealed class MotionDynamicsSignal : IForensicSignal
{
    private const int MinFrames = 4;

    /// <summary>Mean absolute difference in grey levels below which two thumbnails are the same picture: codec noise is above.</summary>
    private const double SamePicture = 0.15;

    private const double JumpDeviations = 6, JumpLevels = 20;

    /// <inheritdoc/>
    public string Name => "motion_dynamics";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Kind == MediaKind.Image) return Measurement.NotApplicable("A still image does not move.");
        var steps = Steps(material);
        if (steps.Length < MinFrames - 1) return Measurement.NotApplicable($"Fewer than {MinFrames} frames were sampled.");

        var repeats = steps.Count(step => step < SamePicture);
        if (repeats == steps.Length) return Measurement.NotApplicable("Nothing moves.", ("frames", steps.Length + 1));
        var (median, deviation) = RobustStatistics.MedianAndDeviation(steps.ToArray());
        var jumps = steps.Count(step => step > JumpLevels && step > median + JumpDeviations * deviation);
        var share = (double)repeats / steps.Length;
        return Measurement.Of(
            Score(share),
            calibration.Score(Score(share)),
            repeats > 0 ? $"{repeats} of {steps.Length} steps repeat the frame before." : "No frame repeats the one before.",
            ("frames", steps.Length + 1), ("repeats", repeats), ("jumps", jumps), ("median_change", median), ("largest_change", steps.Max()));
    }

    /// <summary>The score of a share of repeats; rises with it.</summary>
    public static double Score(double share) => Math.Min(1, 2 * share);

    /// <summary>Mean absolute luma difference of each frame to the one before, in grey levels.</summary>
    private static double[] Steps(ForensicMaterial material)
    {
        var thumbnails = material.Frames.Thumbnails;
        if (thumbnails.Shape is not [var count, var height, var width, 3] || thumbnails.Data.Length != (long)count * height * width * 3)
            throw new InvalidDataException("The thumbnails are no RGB pictures.");
        var size = height * width;
        if (count < 2 || size == 0) return [];
        var steps = new double[count - 1];
        var before = LumaPlane.Convert(thumbnails.Data.Span[..(size * 3)]);
        for (var i = 1; i < count; i++)
        {
            var current = LumaPlane.Convert(thumbnails.Data.Span.Slice(i * size * 3, size * 3));
            TensorPrimitives.Subtract(current, before, before);
            steps[i - 1] = TensorPrimitives.SumOfMagnitudes<float>(before) / (double)size;
            before = current;
        }

        return steps;
    }
}
