using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Deepfake.ForensicsWorker.Consumers;

/// <summary>Takes every forensic measurement of a medium.</summary>
public sealed partial class FramesExtractedConsumer(
    SignalSuite signals, MaterialReader reader, IAnalysisStore analyses, TimeProvider time, ILogger<FramesExtractedConsumer> logger)
    : IConsumer<FramesExtracted>
{
    /// <summary>Measuring takes one thread some tenths of a second; a pack is up to 20 MB.</summary>
    public static ConsumerSettings Settings { get; } = new()
    {
        Queue = ConsumerSettings.ForensicsQueue,
        Concurrency = Math.Clamp(Environment.ProcessorCount, 1, 4),
        Prefetch = 8,
        Timeout = TimeSpan.FromMinutes(2),
    };

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<FramesExtracted> context)
    {
        var (message, cancellation) = (context.Message, context.CancellationToken);
        // Late work is pointless: the watchdog ends the analysis.
        if (message.Deadline <= time.GetUtcNow() || await analyses.FindAsync(message.AnalysisId, cancellation) is null or { IsOver: true }) return;

        using var activity = Telemetry.StartAnalysisActivity("measure forensics", message.AnalysisId);
        var began = Stopwatch.GetTimestamp();
        var material = await ReadAsync(message, cancellation);
        var read = Stopwatch.GetElapsedTime(began);
        var results = material is null ? signals.Unavailable() : signals.Measure(material, cancellation);
        activity?.SetTag(TelemetryTags.Signals, results.Count(signal => signal.Applicable));

        await context.PublishConfirmedAsync(
            new ForensicsCompleted
            {
                AnalysisId = message.AnalysisId,
                Tenant = message.Tenant,
                Lane = message.Lane,
                Signals = results,
                Timings = new Dictionary<string, double>
                {
                    ["forensics_read"] = Math.Round(read.TotalSeconds, 4),
                    ["forensics_measure"] = Math.Round((Stopwatch.GetElapsedTime(began) - read).TotalSeconds, 4),
                },
            },
            cancellation);
    }

    /// <summary>Null for a pack that cannot be read: the models can still decide.</summary>
    private async Task<ForensicMaterial?> ReadAsync(FramesExtracted message, CancellationToken cancellationToken)
    {
        try
        {
            return await reader.ReadAsync(message, cancellationToken);
        }
        catch (InvalidDataException e)
        {
            Log.PackUnreadable(logger, message.AnalysisId, e);
            return null;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4002, LogLevel.Error, "The frame pack of {AnalysisId} cannot be read")]
        public static partial void PackUnreadable(ILogger logger, string analysisId, Exception exception);
    }
}
