using Deepfake.Contracts;
using Microsoft.Extensions.Logging;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>Every signal there is.</summary>
public sealed partial class SignalSuite(IEnumerable<IForensicSignal> signals, ILogger<SignalSuite> logger)
{
    private const string NoReason = "unavailable";

    private readonly IReadOnlyList<IForensicSignal> _signals = [.. signals];

    /// <summary>The signals of this service.</summary>
    public static IReadOnlyList<IForensicSignal> All { get; } =
        [new AzimuthalSpectrumSignal(), new NoiseResidualSignal(), new JpegQuantisationSignal(), new MotionDynamicsSignal(), new MetadataSignal()];

    /// <summary>Takes every measurement. A signal that throws is listed as unavailable.</summary>
    public IReadOnlyList<Signal> Measure(ForensicMaterial material, CancellationToken cancellationToken)
    {
        var results = new List<Signal>(_signals.Count);
        foreach (var signal in _signals)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Measurement measurement;
            try
            {
                measurement = signal.Measure(material);
            }
            catch (Exception e)
            {
                Log.SignalFailed(logger, signal.Name, e);
                measurement = Measurement.NotApplicable(NoReason);
            }

            results.Add(Describe(signal, measurement));
        }

        return results;
    }

    /// <summary>Every signal as unavailable: there is nothing to measure.</summary>
    public IReadOnlyList<Signal> Unavailable() => [.. _signals.Select(signal => Describe(signal, Measurement.NotApplicable(NoReason)))];

    private static Signal Describe(IForensicSignal signal, Measurement measurement) => new()
    {
        Name = signal.Name,
        Score = measurement.Score,
        Applicable = measurement.Score is not null,
        Reason = measurement.Reason,
        Weight = signal.Weight,
        Values = measurement.Values,
    };

    private static partial class Log
    {
        [LoggerMessage(4001, LogLevel.Error, "Signal {Signal} failed")]
        public static partial void SignalFailed(ILogger logger, string signal, Exception exception);
    }
}
