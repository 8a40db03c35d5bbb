using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// What motion leaves unexplained inside the face against around it (Amerini et al. 2019 look at optical flow for the same reason): a face that is generated frame by frame changes in ways that no motion of the frame before explains. So do speech and blinking.
/// Raw measure: log2 of the ratio, median over the steps between frames at most a quarter of a second apart.
/// </summary>
public sealed class TemporalWarpSignal : IForensicSignal
{
    private const int MaxPlaces = 2;

    /// <inheritdoc/>
    public string Name => "temporal_warp";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0.5, 0), (1.5, 0.5), (3, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var motion = material.Motion;
        if (motion.Steps.Count == 0) return Measurement.NotApplicable(motion.Reason);
        var raw = RobustStatistics.Median(motion.Steps.Select(Ratio).ToArray());
        var score = calibration.Score(raw);
        return Measurement.Of(
            raw,
            score,
            string.Create(CultureInfo.InvariantCulture, $"Motion leaves {Math.Pow(2, raw):0.0} times as much unexplained inside the face as around it, {(score < 0.5 ? "as in authentic films" : "more than in authentic films")}."),
            ("log2_ratio", raw), ("steps", motion.Steps.Count)) with
        {
            Places = score < 0.5 ? [] :
            [
                .. motion.Steps.OrderByDescending(Ratio).Take(MaxPlaces).Select(step => new SignalPlace
                {
                    TrackId = motion.TrackId,
                    StartSeconds = Math.Round(step.From, 2),
                    EndSeconds = Math.Round(step.To, 2),
                    Box = step.Face,
                    Value = Math.Round(Ratio(step), 3),
                }),
            ],
        };
    }

    private static double Ratio(MotionStep step) => Math.Log2((step.Inside + 0.02) / (step.Around + 0.02));
}
