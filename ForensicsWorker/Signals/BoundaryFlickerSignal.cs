using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// What motion leaves unexplained along the border of the face against inside it: where a generated face is blended into each frame anew, its seam flickers. So do hair and turning heads.
/// Raw measure: log2 of the ratio, median over the steps between frames at most a quarter of a second apart.
/// </summary>
public sealed class BoundaryFlickerSignal : IForensicSignal
{
    private const int MaxPlaces = 2;

    /// <inheritdoc/>
    public string Name => "boundary_flicker";

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
            string.Create(CultureInfo.InvariantCulture, $"Motion leaves {Math.Pow(2, raw):0.0} times as much unexplained along the face's border as inside it, {(score < 0.5 ? "as in authentic films" : "more than in authentic films")}."),
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

    private static double Ratio(MotionStep step) => Math.Log2((step.Border + 0.02) / (step.Inside + 0.02));
}
