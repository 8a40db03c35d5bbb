using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Faces;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// How far eyes, nose and mouth jump against each other from one sampled frame to the next, after shift, turn and size of the head are taken out.
/// Faces that are generated frame by frame tremble; detectors do so as well. Raw measure: median of the root mean square over the four
/// points, in hundredths of the distance between the eyes.
/// </summary>
public sealed class LandmarkJitterSignal : IForensicSignal
{
    private const int MinSteps = 6;

    /// <inheritdoc/>
    public string Name => "landmark_jitter";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((3, 0), (8, 0.5), (16, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Kind == MediaKind.Image) return Measurement.NotApplicable("A still image does not move.");
        if (material.Index is not { } index) return Measurement.NotApplicable("The index of faces cannot be read.");
        var jumps = new List<(double Jump, int Track)>();
        for (var i = 1; i < index.Frames.Count; i++)
        {
            if (index.Frames[i].Seconds - index.Frames[i - 1].Seconds > FaceMotion.LongestGap) continue;
            foreach (var face in index.Frames[i].Faces)
            {
                var before = index.Frames[i - 1].Faces.FirstOrDefault(other => other.TrackId == face.TrackId);
                if (before is not null && FaceShape.Jump(before.Landmarks, face.Landmarks) is { } jump) jumps.Add((100 * jump, face.TrackId));
            }
        }

        if (jumps.Count < MinSteps) return Measurement.NotApplicable("Sampled frames lie too far apart, or faces are seldom seen.");
        var raw = RobustStatistics.Median(jumps.Select(jump => jump.Jump).ToArray());
        return Measurement.Of(
            raw,
            calibration.Score(raw),
            string.Create(CultureInfo.InvariantCulture, $"From frame to frame eyes, nose and mouth move by {raw:0.0} % of the eyes' distance against each other."),
            ("jitter_percent", raw), ("steps", jumps.Count));
    }
}
