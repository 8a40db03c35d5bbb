using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Faces;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// How unusual the proportions of eyes, nose and mouth are: Mahalanobis distance of <see cref="FaceShape.Describe"/> from authentic faces,
/// median over the faces of a track, largest over the tracks. Only faces that look into the camera are compared. People differ; this is for a
/// reader. The statistical face is fitted by <c>training/forensics</c>.
/// </summary>
public sealed class FaceGeometrySignal : IForensicSignal
{
    /// <summary>Parameter of the calibration: the mean shape, 4 numbers.</summary>
    public const string Mean = "mean";

    /// <summary>Parameter of the calibration: inverse covariance, 16 numbers.</summary>
    public const string Precision = "precision";

    private const float MaxYaw = 0.25f, MinSide = 40;

    /// <inheritdoc/>
    public string Name => "face_geometry";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((2, 0), (3.5, 0.5), (6, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        if (material.Index is not { } index) return Measurement.NotApplicable("The index of faces cannot be read.");
        var tracks = index.Frames.SelectMany(frame => frame.Faces)
            .Where(face => Math.Abs(face.Quality.Yaw) <= MaxYaw && face.Quality.SizePixels >= MinSide)
            .Select(face => (face.TrackId, Shape: FaceShape.Describe(face.Landmarks)))
            .Where(face => face.Shape is not null)
            .GroupBy(face => face.TrackId, face => face.Shape!)
            .Select(track => (TrackId: track.Key, Shape: Median([.. track])))
            .ToList();
        if (tracks.Count == 0) return Measurement.NotApplicable("No face of sufficient size looks into the camera.");
        if (!calibration.Parameters.TryGetValue(Mean, out var mean) || !calibration.Parameters.TryGetValue(Precision, out var precision) || mean.Count != 4 || precision.Count != 16)
            return Measurement.NotApplicable("There is no statistical face to compare with.") with { Features = tracks[0].Shape };

        var (track, raw) = tracks.Select(t => (t.TrackId, Distance: Distance(t.Shape, mean, precision))).MaxBy(t => t.Distance);
        var score = calibration.Score(raw);
        return Measurement.Of(
            raw,
            score,
            string.Create(CultureInfo.InvariantCulture, $"The proportions of eyes, nose and mouth lie {raw:0.0} deviations from the mean face, {(score < 0.5 ? "as most do" : "further than most")}."),
            ("deviations", raw), ("faces", tracks.Count)) with
        {
            Places = score < 0.5 ? [] : [new SignalPlace { TrackId = track, Value = Math.Round(raw, 3) }],
            Features = tracks[0].Shape,
        };
    }

    private static double[] Median(List<double[]> shapes) => [.. Enumerable.Range(0, 4).Select(i => RobustStatistics.Median(shapes.Select(shape => shape[i]).ToArray()))];

    private static double Distance(double[] shape, IReadOnlyList<double> mean, IReadOnlyList<double> precision)
    {
        double sum = 0;
        for (var i = 0; i < 4; i++)
            for (var j = 0; j < 4; j++)
                sum += (shape[i] - mean[i]) * precision[4 * i + j] * (shape[j] - mean[j]);
        return Math.Sqrt(Math.Max(0, sum));
    }
}
