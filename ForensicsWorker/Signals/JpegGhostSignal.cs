using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Compression;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Whether face and surroundings have the same compression history. Farid's JPEG ghosts (2009) look for the quality at which a part of
/// the picture had been saved before; here each part gets its curve of likelihoods over earlier qualities
/// (<see cref="DoubleCompression"/>), and at the quality where either curve is highest the two are compared. A face that was pasted into
/// a JPEG lies off its grid or had another quality. Raw measure: half the higher gain minus the lower, so that parts with equal history but
/// unequal texture stay below 0, and never more than the higher gain.
/// </summary>
public sealed class JpegGhostSignal : IForensicSignal
{
    private const int LeastCoefficients = 400;

    /// <inheritdoc/>
    public string Name => "jpeg_ghost";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0.01, 0), (0.03, 0.5), (0.15, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var (pixels, reason) = JpegPixels.Read(material);
        if (pixels is null) return Measurement.NotApplicable(reason);
        var ellipse = new FaceEllipse(pixels.Face);
        var face = Find(pixels, (x, y) => ellipse.Distance(x, y) < 1);
        var around = Find(pixels, (x, y) => ellipse.Distance(x, y) > FaceEllipse.Outside);
        if (face is null || around is null) return Measurement.NotApplicable("Face or surroundings are too small or too plain to compare.");

        var (strong, weak) = face.Gain > around.Gain ? (face, around) : (around, face);
        var raw = Math.Max(0, Math.Min(strong.Gain, strong.Gain / 2 - weak.Curve[strong.Quality - DoubleCompression.LowestQuality]));
        var score = calibration.Score(raw);
        return Measurement.Of(
            raw,
            score,
            score < 0.5 ? "Face and surroundings have the same compression history."
                : strong == around ? $"The surroundings were a JPEG of quality near {around.Quality} before, the face was not."
                : $"The face was a JPEG of quality near {face.Quality} before, its surroundings were not.",
            ("face_gain", face.Gain), ("surrounding_gain", around.Gain), ("quality", score < 0.5 ? double.NaN : strong.Quality)) with
        {
            Places = score < 0.5 ? [] : [FacePlace.Of(material.Frames.Windows[0], raw)],
        };
    }

    private static CompressionHistory? Find(JpegPixels pixels, Func<float, float, bool> wanted)
    {
        var (aligned, shifted) = pixels.Coefficients(wanted);
        return DoubleCompression.Find(aligned, shifted, pixels.Table, LeastCoefficients);
    }
}
