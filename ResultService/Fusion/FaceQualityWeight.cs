using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>How much a crop counts, and whether it may count at all.</summary>
public static class FaceQualityWeight
{
    /// <summary>
    /// Weight of a crop in (0,1]: ramp(size) · ramp(sharpness) · (1 − |yaw| / 2), each ramp rising from 0.25 at its gate to 1 at four times
    /// the gate. A large, sharp, frontal face counts 1.
    /// </summary>
    public static double Of(FaceQuality quality, QualityGates gates) =>
        Ramp(quality.SizePixels, gates.MinFacePixels) * Ramp(quality.Sharpness, gates.MinSharpness) * (1 - Math.Min(Math.Abs(quality.Yaw), 1) / 2);

    /// <summary>Whether the face is large enough.</summary>
    public static bool IsLargeEnough(FaceQuality quality, QualityGates gates) => quality.SizePixels >= gates.MinFacePixels;

    /// <summary>Whether the face is large, sharp and well lit enough to decide.</summary>
    public static bool Passes(FaceQuality quality, QualityGates gates) =>
        IsLargeEnough(quality, gates)
        && quality.Sharpness >= gates.MinSharpness
        && quality.Brightness >= gates.MinBrightness && quality.Brightness <= gates.MaxBrightness;

    private static double Ramp(double value, double gate) =>
        gate <= 0 ? 1 : 0.25 + 0.75 * Math.Clamp((value - gate) / (3 * gate), 0, 1);
}
