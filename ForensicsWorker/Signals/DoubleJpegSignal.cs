using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Compression;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Whether a JPEG had been a JPEG before, on the same grid, and of which quality (<see cref="DoubleCompression"/>). Raw measure: gain in
/// nats a coefficient. Single compressions stayed below 0.004. Every editor and messenger saves again: this is history, not manipulation.
/// </summary>
public sealed class DoubleJpegSignal : IForensicSignal
{
    private const int LeastCoefficients = 1500;

    /// <inheritdoc/>
    public string Name => "double_jpeg";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0.004, 0), (0.01, 0.5), (0.1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var (pixels, reason) = JpegPixels.Read(material);
        if (pixels is null) return Measurement.NotApplicable(reason);
        var (aligned, shifted) = pixels.Coefficients();
        if (DoubleCompression.Find(aligned, shifted, pixels.Table, LeastCoefficients) is not { } history)
            return Measurement.NotApplicable("The picture around the face is too small or too plain to tell.");
        var score = calibration.Score(history.Gain);
        return Measurement.Of(
            history.Gain,
            score,
            score >= 0.5 ? $"The picture was a JPEG of quality near {history.Quality} before it was saved as it is; editors and messengers do so."
                : "No trace of an earlier JPEG compression on this grid.",
            ("gain", history.Gain), ("first_quality", score >= 0.5 ? history.Quality : double.NaN), ("coefficients", history.Coefficients));
    }
}
