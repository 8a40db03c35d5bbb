using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Deepfake.ForensicsWorker.Consumers;

/// <summary>Takes every forensic measurement of a medium.</summary>
public sealed partial class FramesExtractedConsumer(
    SignalSuite signals, IAnalysisStore analyses, IObjectStore objects, TimeProvider time, ILogger<FramesExtractedConsumer> logger)
    : IConsumer<FramesExtracted>
{
    /// <summary>Headers that matter lie in front; no more of an image is read.</summary>
    private const int HeadBytes = 4 * 1024 * 1024;

    /// <summary>Measuring takes one thread some tenths of a second; a pack is up to 20 MB.</summary>
    public static ConsumerSettings Settings { get; } = new()
    {
        Queue = "forensics",
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

        using var activity = Telemetry.Source.StartActivity("measure forensics");
        activity?.SetTag("analysis.id", message.AnalysisId);
        var began = Stopwatch.GetTimestamp();
        var material = await ReadAsync(message, cancellation);
        var read = Stopwatch.GetElapsedTime(began);
        var results = material is null ? signals.Unavailable() : signals.Measure(material, cancellation);
        activity?.SetTag("signals", results.Count(signal => signal.Applicable));

        await context.Publish(
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
        FramePack pack;
        await using (var stream = await objects.OpenAsync(message.FramePackKey, cancellationToken))
        {
            try
            {
                pack = await FramePack.ReadAsync(stream, cancellationToken);
            }
            catch (InvalidDataException e)
            {
                Log.PackUnreadable(logger, message.AnalysisId, e);
                return null;
            }
        }

        // The headers of films are read by nobody here.
        var head = message.Kind == MediaKind.Video ? ReadOnlyMemory<byte>.Empty : await ReadHeadAsync(message.MediaKey, cancellationToken);
        return new ForensicMaterial { Kind = message.Kind, Format = message.Format, Frames = pack, Head = head };
    }

    private async Task<ReadOnlyMemory<byte>> ReadHeadAsync(string key, CancellationToken cancellationToken)
    {
        await using var stream = await objects.OpenAsync(key, cancellationToken);
        using var head = new MemoryStream();
        var buffer = new byte[64 * 1024];
        int count;
        while (head.Length < HeadBytes && (count = await stream.ReadAsync(buffer, cancellationToken)) > 0) head.Write(buffer, 0, count);
        return head.GetBuffer().AsMemory(0, (int)head.Length);
    }

    private static partial class Log
    {
        [LoggerMessage(4002, LogLevel.Error, "The frame pack of {AnalysisId} cannot be read")]
        public static partial void PackUnreadable(ILogger logger, string analysisId, Exception exception);
    }
}
