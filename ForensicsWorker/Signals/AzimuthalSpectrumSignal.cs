using System.Numerics;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Traces of up-sampling in the face's spectrum (Durall et al. 2019). Power of natural pictures falls with frequency as a straight line
/// in log-log scale. Networks that enlarge by zero insertion or transposed convolution leave too much power near the highest
/// frequencies. Measured is how far the last quarter of the profile lies above the line fitted to the middle of it
/// (<c>tail_excess_db</c>), and how sharp its highest peak is against its neighbours (<c>tail_peak_db</c>), as medians over the windows.
/// Logistic curves map both; the larger one counts. They cross one half at 6 dB: of real faces in five sources, one in twenty lay above
/// 2.5 to 7.3 dB of excess and 1.2 to 2.3 dB of peak. Compression and blur lower the tail: a low score says nothing.
/// </summary>
public sealed class AzimuthalSpectrumSignal : IForensicSignal
{
    /// <summary>Smallest face that is measured, in pixels: below, the profile has too few radii.</summary>
    public const int MinSide = 64;

    private const int MaxSide = 256;
    private const double FitFrom = 0.10, FitTo = 0.60, TailFrom = 0.75;

    /// <summary>Where the score is one half, and how fast it rises with either measure, in dB.</summary>
    private const double HalfDecibels = 6, ExcessScale = 2, PeakScale = 1;

    /// <summary>Source pixels a window pixel may stand for: a frame that was scaled to be decoded has lost what is looked for.</summary>
    private const float MaxScale = 1.02f;

    /// <inheritdoc/>
    public string Name => "azimuthal_spectrum";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((0, 0), (1, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var frames = material.Frames;
        var shapes = new List<SpectrumShape>();
        var scaled = 0;
        for (var i = 0; i < frames.Windows.Count; i++)
        {
            var plane = material.Plane(i);
            if (frames.Windows[i].Origin.Width > MaxScale * plane.Width) scaled++;
            else if (FaceSquare(plane, frames.Windows[i].Face) is { } square) shapes.Add(Shape(PowerSpectrum.Azimuthal(square.Luma, square.Side)));
        }

        if (shapes.Count == 0)
        {
            return Measurement.NotApplicable(frames.Windows.Count == 0 ? "No face was found."
                : scaled > 0 ? "The frames are too large to be decoded pixel for pixel."
                : $"Every face is smaller than {MinSide} pixels.");
        }

        var excess = Median(shapes, s => s.TailExcess);
        var peak = Median(shapes, s => s.TailPeak);
        var raw = Score(excess, peak);
        var score = calibration.Score(raw);
        return Measurement.Of(
            raw,
            score,
            score >= 0.5 ? "The face's highest frequencies hold more power than a camera leaves there, as after up-sampling." : "The face's highest frequencies fade as a camera's do.",
            ("tail_excess_db", excess), ("tail_peak_db", peak), ("slope_db_per_decade", Median(shapes, s => s.Slope)), ("windows", shapes.Count));
    }

    /// <summary>The score of an excess and a peak in dB; rises with both.</summary>
    public static double Score(double excess, double peak) =>
        Math.Max(RobustStatistics.Logistic((excess - HalfDecibels) / ExcessScale), RobustStatistics.Logistic((peak - HalfDecibels) / PeakScale));

    /// <summary>Describes a profile of <see cref="PowerSpectrum.Azimuthal"/>.</summary>
    public static SpectrumShape Shape(ReadOnlySpan<double> profile)
    {
        var radii = profile.Length;
        var (slope, offset) = FitLine(profile);
        double excess = 0, peak = 0;
        var count = 0;
        Span<double> around = stackalloc double[8];
        for (var r = (int)Math.Ceiling(TailFrom * radii); r <= radii; r++)
        {
            excess += profile[r - 1] - (offset + slope * Math.Log10(r));
            count++;
            var neighbours = 0;
            for (var d = 2; d <= 5; d++)
            {
                if (r - d >= 1) around[neighbours++] = profile[r - d - 1];
                if (r + d <= radii) around[neighbours++] = profile[r + d - 1];
            }

            peak = Math.Max(peak, profile[r - 1] - RobustStatistics.Median(around[..neighbours]));
        }

        return new SpectrumShape(slope, excess / count, peak);
    }

    /// <summary>Least squares of dB over log10 of the radius, in the middle of the profile.</summary>
    private static (double Slope, double Offset) FitLine(ReadOnlySpan<double> profile)
    {
        double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0;
        for (var r = Math.Max(2, (int)(FitFrom * profile.Length)); r <= FitTo * profile.Length; r++)
        {
            double x = Math.Log10(r), y = profile[r - 1];
            n++;
            sx += x;
            sy += y;
            sxx += x * x;
            sxy += x * y;
        }

        var slope = (n * sxy - sx * sy) / (n * sxx - sx * sx);
        return (slope, (sy - slope * sx) / n);
    }

    /// <summary>The largest power-of-two square in the middle of the face.</summary>
    private static (float[] Luma, int Side)? FaceSquare(LumaPlane plane, Box face)
    {
        if (!float.IsFinite(face.X + face.Y + face.Width + face.Height)) return null;
        var room = Math.Min(Math.Min(plane.Width, plane.Height), (int)Math.Clamp(Math.Max(face.Width, face.Height), 0, MaxSide));
        if (room < MinSide) return null;
        var side = 1 << BitOperations.Log2((uint)room);
        var x = Math.Clamp((int)Math.Clamp(face.X + face.Width / 2 - side / 2f, 0, plane.Width), 0, plane.Width - side);
        var y = Math.Clamp((int)Math.Clamp(face.Y + face.Height / 2 - side / 2f, 0, plane.Height), 0, plane.Height - side);
        return (plane.Square(x, y, side), side);
    }

    private static double Median(List<SpectrumShape> shapes, Func<SpectrumShape, double> value) =>
        RobustStatistics.Median(shapes.Select(value).ToArray());
}

/// <summary>Shape of an azimuthal power profile.</summary>
/// <param name="Slope">dB a decade of frequency in the middle of the profile; negative for natural pictures.</param>
/// <param name="TailExcess">Mean height of the last quarter over the fitted line, dB.</param>
/// <param name="TailPeak">Highest peak of the last quarter over its neighbours, dB, ≥ 0.</param>
public readonly record struct SpectrumShape(double Slope, double TailExcess, double TailPeak);
