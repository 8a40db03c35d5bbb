using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Microsoft.Extensions.Logging;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>A signal's measurement and what it cost.</summary>
/// <param name="Name">The signal.</param>
/// <param name="Calibration">What was known of it.</param>
/// <param name="Measurement">What it found.</param>
/// <param name="Milliseconds">Wall time.</param>
public readonly record struct TimedMeasurement(string Name, SignalCalibration Calibration, Measurement Measurement, double Milliseconds);

/// <summary>Every signal there is.</summary>
public sealed partial class SignalSuite(IEnumerable<IForensicSignal> signals, ForensicsManifest manifest, ILogger<SignalSuite> logger)
{
    private const string NoReason = Signal.Unavailable;

    private readonly IReadOnlyList<(IForensicSignal Signal, SignalCalibration Calibration)> _signals =
        [.. signals.Select(signal => (signal, Complete(manifest.Signals.GetValueOrDefault(signal.Name), signal)))];

    /// <summary>The signals of this service.</summary>
    public static IReadOnlyList<IForensicSignal> All { get; } =
    [
        new AzimuthalSpectrumSignal(),
        new BlockDctSignal(),
        new ResamplingSignal(),
        new NoiseResidualSignal(),
        new JpegQuantisationSignal(),
        new DoubleJpegSignal(),
        new JpegGhostSignal(),
        new VideoEncodingSignal(),
        new MotionDynamicsSignal(),
        new TemporalWarpSignal(),
        new BoundaryFlickerSignal(),
        new LandmarkJitterSignal(),
        new LightDirectionSignal(),
        new FaceGeometrySignal(),
        new MetadataSignal(),
        new ContentCredentialsSignal(),
    ];

    /// <summary>Takes every measurement. A signal that throws is listed as unavailable.</summary>
    public IReadOnlyList<Signal> Measure(ForensicMaterial material, CancellationToken cancellationToken) =>
        [.. MeasureEach(material, cancellationToken).Select(timed => Describe(timed.Name, timed.Calibration, timed.Measurement))];

    /// <summary>The same with everything that measuring the signals themselves needs.</summary>
    public IEnumerable<TimedMeasurement> MeasureEach(ForensicMaterial material, CancellationToken cancellationToken)
    {
        foreach (var (signal, calibration) in _signals)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var began = Stopwatch.GetTimestamp();
            var measurement = Try(signal, material, calibration);
            yield return new TimedMeasurement(signal.Name, calibration, measurement, Stopwatch.GetElapsedTime(began).TotalMilliseconds);
        }
    }

    /// <summary>Every signal as unavailable: there is nothing to measure.</summary>
    public IReadOnlyList<Signal> Unavailable() =>
        [.. _signals.Select(entry => Describe(entry.Signal.Name, entry.Calibration, Measurement.NotApplicable(NoReason)))];

    private static SignalCalibration Complete(SignalCalibration? measured, IForensicSignal signal) => measured switch
    {
        null => signal.Assumed,
        { Curve: null } => measured with { Curve = signal.Assumed.Curve },
        _ => measured,
    };

    private Measurement Try(IForensicSignal signal, ForensicMaterial material, SignalCalibration calibration)
    {
        try
        {
            return signal.Measure(material, calibration);
        }
        catch (Exception e)
        {
            Log.SignalFailed(logger, signal.Name, e);
            return Measurement.NotApplicable(NoReason);
        }
    }

    private static Signal Describe(string name, SignalCalibration calibration, Measurement measurement)
    {
        var beyond = measurement.Raw is { } raw && calibration.Range is { } range && (raw < range.Low || raw > range.High);
        return new Signal
        {
            Name = name,
            Score = measurement.Score,
            Applicable = measurement.Score is not null,
            Reason = beyond ? measurement.Reason + " No medium it was measured on went so far." : measurement.Reason,
            Weight = calibration.Weight,
            Values = measurement.Values,
            Auc = calibration.Auc,
            Places = measurement.Places,
        };
    }

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Error, "Signal {Signal} failed")]
        public static partial void SignalFailed(ILogger logger, string signal, Exception exception);
    }
}
