using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ServiceDefaults;
using MassTransit;

namespace Deepfake.InferenceWorker.Consumers;

/// <summary>Scores one shard of faces by every model.</summary>
public sealed class FacesExtractedConsumer(ScoringEngine engine, IAnalysisStore analyses, IObjectStore objects, TimeProvider time)
    : IConsumer<FacesExtracted>
{
    /// <summary>
    /// Several packs at once, so that small ones share a batch; one pack has 3 MB, and 15 where all faces are large. A shard takes seconds even of large models
    /// on a processor; loading at start is part of the time.
    /// </summary>
    public static ConsumerSettings Settings { get; } = new()
    {
        Queue = "inference",
        Concurrency = 4,
        Prefetch = 8,
        Timeout = TimeSpan.FromMinutes(5),
    };

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<FacesExtracted> context)
    {
        var (message, cancellation) = (context.Message, context.CancellationToken);
        // Late work is pointless: the watchdog ends the analysis.
        if (message.Deadline <= time.GetUtcNow() || await analyses.FindAsync(message.AnalysisId, cancellation) is not { IsOver: false } state) return;

        using var activity = Telemetry.StartAnalysisActivity("score faces", message.AnalysisId);
        activity?.SetTag(TelemetryTags.Shard, message.Shard).SetTag(TelemetryTags.Faces, message.Count);
        using var announcement = engine.Announce();
        var began = Stopwatch.GetTimestamp();
        var pack = await ReadAsync(message, cancellation);
        var read = Stopwatch.GetElapsedTime(began);
        var scored = await engine.ScoreAsync(pack, message.Lane, announcement, cancellation);
        var score = Stopwatch.GetElapsedTime(began) - read;
        activity?.SetTag(TelemetryTags.Models, scored.Models.Count(model => model.Error is null));
        var heat = state.Record.Options.HeatMaps ? await StoreAsync(message, scored.HeatMaps, cancellation) : null;

        await context.PublishConfirmedAsync(
            new InferenceCompleted
            {
                AnalysisId = message.AnalysisId,
                Tenant = message.Tenant,
                Lane = message.Lane,
                Shard = message.Shard,
                Models = scored.Models,
                HeatMapKey = heat,
                Timings = new Dictionary<string, double>
                {
                    ["inference_read"] = Math.Round(read.TotalSeconds, 4),
                    ["inference_score"] = Math.Round(score.TotalSeconds, 4),
                },
            },
            cancellation);
    }

    /// <returns>Key of the pack; null if there is nothing to store.</returns>
    private async Task<string?> StoreAsync(FacesExtracted message, IReadOnlyList<HeatMaps> maps, CancellationToken cancellationToken)
    {
        if (maps.Count == 0) return null;
        var key = ObjectKeys.HeatMaps(message.Tenant, message.AnalysisId, message.Shard);
        using var pack = new MemoryStream();
        await new HeatMapPack(maps).WriteAsync(pack, cancellationToken);
        pack.Position = 0;
        await objects.PutAsync(key, pack, "application/octet-stream", cancellationToken);
        return key;
    }

    private async Task<FacePack> ReadAsync(FacesExtracted message, CancellationToken cancellationToken)
    {
        await using var stream = await objects.OpenAsync(message.PackKey, cancellationToken);
        try
        {
            return await FacePack.ReadAsync(stream, cancellationToken);
        }
        catch (InvalidDataException e)
        {
            throw new AnalysisFaultException(ErrorCodes.Internal, "The extracted faces cannot be read: " + e.Message);
        }
    }
}
