using System.Globalization;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>
/// Traces of up-sampling in the face's spectrum (Durall et al. 2019): the azimuthal profile of its power and a linear classifier on it that
/// <c>training/forensics</c> fits; raw measure: its logit. Without a fitted classifier, how far the last quarter of the profile lies above the
/// line through its middle, in dB: power of natural pictures falls with frequency as a straight line in log-log scale, and networks that
/// enlarge by zero insertion or transposed convolution leave too much near the highest frequencies. Compression and blur lower the tail: a low
/// score says nothing.
/// </summary>
public sealed class AzimuthalSpectrumSignal : IForensicSignal
{
    private const int Bands = 24;
    private const double LowestBand = 0.06;
    private const double FitFrom = 0.10, FitTo = 0.60, TailFrom = 0.75;

    /// <inheritdoc/>
    public string Name => "azimuthal_spectrum";

    /// <inheritdoc/>
    public SignalCalibration Assumed { get; } = SignalCalibration.Assumed((2, 0), (6, 0.5), (12, 1));

    /// <inheritdoc/>
    public Measurement Measure(ForensicMaterial material, SignalCalibration calibration)
    {
        var (squares, reason) = FaceSquares.Of(material);
        if (squares.Count == 0) return Measurement.NotApplicable(reason);
        var profiles = squares.Select(square => PowerSpectrum.Azimuthal(square.Square.Luma, square.Square.Side)).ToList();
        var shapes = profiles.ConvertAll(profile => Shape(profile));
        double excess = Median(shapes.Select(shape => shape.TailExcess)), peak = Median(shapes.Select(shape => shape.TailPeak));
        var bands = profiles.ConvertAll(profile => BandLevels(profile));
        double[] features = [.. Enumerable.Range(0, Bands).Select(i => Median(bands.Select(band => band[i])))];
        var logit = LinearClassifier.Logit(calibration, features);
        var raw = logit ?? Math.Max(excess, 2 * peak);
        var score = calibration.Score(raw);
        return Measurement.Of(
            raw,
            score,
            string.Create(
                CultureInfo.InvariantCulture,
                $"The face's highest frequencies lie {excess:0.0} dB {(score < 0.5 ? "from the line that the others follow; the spectrum is as a camera's" : "from the line that the others follow; few authentic faces have such a spectrum")}."),
            ("logit", logit ?? double.NaN), ("tail_excess_db", excess), ("tail_peak_db", peak), ("slope_db_per_decade", Median(shapes.Select(shape => shape.Slope))), ("windows", shapes.Count)) with
        {
            Features = features,
            Places = score < 0.5 ? [] : [FacePlace.Of(material.Frames.Windows[squares[0].Window], raw)],
        };
    }

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

    /// <summary>Levels of bands that are evenly spaced in the logarithm of frequency, in dB against their mean: the same bands for every size of face.</summary>
    private static double[] BandLevels(double[] profile)
    {
        var levels = new double[Bands];
        for (var i = 0; i < Bands; i++)
        {
            double from = profile.Length * Math.Pow(LowestBand, 1 - (double)i / Bands), to = profile.Length * Math.Pow(LowestBand, 1 - (i + 1.0) / Bands);
            int first = Math.Clamp((int)Math.Round(from), 1, profile.Length), last = Math.Clamp((int)Math.Round(to), first, profile.Length);
            for (var r = first; r <= last; r++) levels[i] += profile[r - 1] / (last - first + 1);
        }

        var mean = levels.Average();
        for (var i = 0; i < Bands; i++) levels[i] -= mean;
        return levels;
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

    private static double Median(IEnumerable<double> values) => RobustStatistics.Median(values.ToArray());
}

/// <summary>Shape of an azimuthal power profile.</summary>
/// <param name="Slope">dB a decade of frequency in the middle of the profile; negative for natural pictures.</param>
/// <param name="TailExcess">Mean height of the last quarter over the fitted line, dB.</param>
/// <param name="TailPeak">Highest peak of the last quarter over its neighbours, dB, ≥ 0.</param>
public readonly record struct SpectrumShape(double Slope, double TailExcess, double TailPeak);
