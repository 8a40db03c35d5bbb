using System.Globalization;
using System.Numerics.Tensors;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// How the picture changes over time: frames that stand still inside a moving medium, stretches that are shown twice
/// (<see cref="RepeatedRun"/>), and jumps. Raw measure: share of the sampled steps that stand still or are repeated, doubled; jumps are facts,
/// since cuts are honest, and so are loops that say so.
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
        var thumbnails = material.Thumbnails;
        if (thumbnails.Frames.Count < MinFrames) return Measurement.NotApplicable($"Fewer than {MinFrames} frames were sampled.");
        var steps = Steps(thumbnails.Frames);
        var stills = steps.Count(step => step < SamePicture);
        if (stills == steps.Length) return Measurement.NotApplicable("Nothing moves.", ("frames", thumbnails.Frames.Count));

        var (median, deviation) = RobustStatistics.MedianAndDeviation(steps.ToArray());
        var jumps = steps.Count(step => step > JumpLevels && step > median + JumpDeviations * deviation);
        var run = RepeatedRun.Find(thumbnails);
        var raw = Math.Min(1, 2.0 * Math.Max(stills, run?.Samples ?? 0) / steps.Length);
        return Measurement.Of(
            raw,
            calibration.Score(raw),
            Describe(stills, steps.Length, run),
            ("frames", thumbnails.Frames.Count), ("repeats", stills), ("repeated_samples", run?.Samples ?? 0), ("repeat_delay", run?.Delay ?? double.NaN),
            ("jumps", jumps), ("median_change", median)) with
        {
            Places = Places(run, stills, steps, thumbnails.Seconds),
        };
    }

    private static string Describe(int stills, int steps, RepeatedRun? run) => (stills, run) switch
    {
        (_, { } r) => string.Create(CultureInfo.InvariantCulture, $"What is seen from {r.Start:0.0} to {r.End:0.0} s is seen again {r.Delay:0.0} s later."),
        ( > 0, _) => $"{stills} of {steps} steps repeat the frame before.",
        _ => "No frame repeats another.",
    };

    private static SignalPlace[] Places(RepeatedRun? run, int stills, double[] steps, IReadOnlyList<double> seconds)
    {
        if (run is { } repeated)
        {
            return
            [
                new SignalPlace { StartSeconds = Round(repeated.Start), EndSeconds = Round(repeated.End), Value = repeated.Samples },
                new SignalPlace { StartSeconds = Round(repeated.Start + repeated.Delay), EndSeconds = Round(repeated.End + repeated.Delay), Value = repeated.Samples },
            ];
        }

        if (stills == 0) return [];
        int best = 0, length = 0;
        for (int i = 0, current = 0; i < steps.Length; i++)
        {
            current = steps[i] < SamePicture ? current + 1 : 0;
            if (current > length) (best, length) = (i - current + 1, current);
        }

        return [new SignalPlace { StartSeconds = Round(seconds[best]), EndSeconds = Round(seconds[best + length]), Value = length }];
    }

    private static double Round(double seconds) => Math.Round(seconds, 2);

    /// <summary>Mean absolute luma difference of each frame to the one before, in grey levels.</summary>
    private static double[] Steps(IReadOnlyList<LumaPlane> frames)
    {
        var steps = new double[frames.Count - 1];
        var difference = new float[frames[0].Pixels.Length];
        for (var i = 0; i < steps.Length; i++)
        {
            TensorPrimitives.Subtract(frames[i + 1].Pixels, frames[i].Pixels, difference);
            steps[i] = TensorPrimitives.SumOfMagnitudes<float>(difference) / (double)difference.Length;
        }

        return steps;
    }
}
