using System.Diagnostics;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Packing;
using Deepfake.FrameService.Probing;
using Deepfake.FrameService.Sampling;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Objects;
using Deepfake.ServiceDefaults;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Deepfake.FrameService.Extraction;

/// <summary>
/// The whole stage for one medium: packs, index, and the messages that announce them. Keys and bytes depend on the medium and the
/// settings alone, so doing it twice changes nothing.
/// </summary>
internal sealed class FrameStage(IObjectStore store, FaceFinder finder, IOptions<FrameServiceOptions> settings)
{
    private readonly FrameServiceOptions _options = settings.Value;

    /// <summary>Runs the stage. Face shards are announced while decoding goes on, <see cref="FramesExtracted"/> comes last.</summary>
    /// <exception cref="MediaException">The medium cannot be analysed; carries the error code.</exception>
    public async Task RunAsync(MediaSubmitted message, IPublishEndpoint bus, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.StartAnalysisActivity("extract frames", message.AnalysisId);
        activity?.SetTag(TelemetryTags.Format, message.Format.ToString());
        var started = Stopwatch.GetTimestamp();
        var clock = new StageClock();
        using var medium = await FetchAsync(message, clock, cancellationToken);
        var (facts, plan) = await ProbeAsync(medium.Path, message, clock, cancellationToken);
        await ReportAsync(message, bus, 0.05, cancellationToken);

        var run = new Run(message, bus, plan, _options, clock);
        var report = new DecodeReport();
        var cut = await ExtractAsync(medium.Path, facts, plan, report, run, cancellationToken);
        if (run.Frames.Count == 0) throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded.");
        await StoreShardAsync(run, cancellationToken);
        var index = Index(facts, plan, report, run, cut);
        await StoreIndexAsync(message, index, run, cancellationToken);

        clock.Add("decode", report.CpuSeconds);
        clock.Add("total", Stopwatch.GetElapsedTime(started).TotalSeconds);
        activity?.SetTag(TelemetryTags.Frames, clock.Frames).SetTag(TelemetryTags.Faces, clock.Faces);
        FrameMetrics.Ended(facts.Kind, clock.Seconds, clock.Frames, clock.Faces);
        await bus.PublishConfirmedAsync(
            new FramesExtracted
            {
                AnalysisId = message.AnalysisId,
                Tenant = message.Tenant,
                Lane = message.Lane,
                ShardCount = run.Shards.Shard,
                IndexKey = ObjectKeys.Index(message.Tenant, message.AnalysisId),
                FramePackKey = ObjectKeys.FramePack(message.Tenant, message.AnalysisId),
                MediaKey = message.MediaKey,
                Format = message.Format,
                Kind = facts.Kind,
                Encoding = facts.Encoding,
                Timings = clock.Seconds.ToDictionary(pair => pair.Key, pair => Math.Round(pair.Value, 4)),
                Deadline = message.Deadline,
            },
            cancellationToken);
    }

    private async Task<LocalObject> FetchAsync(MediaSubmitted message, StageClock clock, CancellationToken cancellationToken)
    {
        using (clock.Measure("fetch")) return await store.MaterializeAsync(message.MediaKey, cancellationToken);
    }

    private async Task<(MediaFacts Facts, SamplePlan Plan)> ProbeAsync(string path, MediaSubmitted message, StageClock clock, CancellationToken cancellationToken)
    {
        using var activity = Telemetry.StartAnalysisActivity("probe", message.AnalysisId);
        using (clock.Measure("probe"))
        {
            var facts = await new MediaProber(_options).ProbeAsync(path, message.Format, cancellationToken);
            return (facts, SamplePlanner.Plan(facts.Kind, facts.Seconds, facts.Frames, (long)facts.Width * facts.Height, _options));
        }
    }

    /// <summary>Works through the frames.</summary>
    /// <returns>Whether decoding ended before its time.</returns>
    private async Task<bool> ExtractAsync(string path, MediaFacts facts, SamplePlan plan, DecodeReport report, Run run, CancellationToken cancellationToken)
    {
        var frames = new FrameSource(_options).ReadAsync(path, facts, plan, report, cancellationToken);
        try
        {
            await foreach (var frame in new FaceExtractor(finder, _options).ExtractAsync(frames, plan, run.Clock, cancellationToken))
            {
                run.Pack.Add(frame);
                var faces = new List<IndexedFace>(frame.Faces.Count);
                foreach (var face in frame.Faces)
                {
                    faces.Add(Indexed(face, run.Shards.Shard, run.Shards.Add(face)));
                    if (run.Shards.IsFull) await StoreShardAsync(run, cancellationToken);
                }

                run.Add(frame, faces);
                if (run.NextQuarter() is { } fraction) await ReportAsync(run.Message, run.Bus, fraction, cancellationToken);
            }

            return report.Failed;
        }
        catch (Exception e) when (e is DecodeTimeoutException or InvalidDataException)
        {
            // What was seen until then is worth an answer that says so.
            return run.Frames.Count > 0 ? true : throw new MediaException(ErrorCodes.Corrupt, "The file cannot be decoded.", e);
        }
    }

    private async Task StoreShardAsync(Run run, CancellationToken cancellationToken)
    {
        if (run.Shards.Count == 0) return;
        var (message, shards) = (run.Message, run.Shards);
        var key = ObjectKeys.FacePack(message.Tenant, message.AnalysisId, shards.Shard);
        using (run.Clock.Measure("store")) await store.PutAsync(key, shards.Pack().WriteAsync, cancellationToken);
        await run.Bus.PublishConfirmedAsync(
            new FacesExtracted
            {
                AnalysisId = message.AnalysisId,
                Tenant = message.Tenant,
                Lane = message.Lane,
                Shard = shards.Shard,
                PackKey = key,
                Count = shards.Count,
                Deadline = message.Deadline,
            },
            cancellationToken);
        shards.Next();
    }

    private async Task StoreIndexAsync(MediaSubmitted message, FaceIndex index, Run run, CancellationToken cancellationToken)
    {
        using (run.Clock.Measure("store"))
        {
            await store.PutAsync(ObjectKeys.FramePack(message.Tenant, message.AnalysisId), run.Pack.Build().WriteAsync, cancellationToken);
            using var json = new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(index, DeepfakeJson.Options));
            await store.PutAsync(ObjectKeys.Index(message.Tenant, message.AnalysisId), json, "application/json", cancellationToken);
        }
    }

    private FaceIndex Index(MediaFacts facts, SamplePlan plan, DecodeReport report, Run run, bool cut) => new()
    {
        Kind = facts.Kind,
        Width = run.Width,
        Height = run.Height,
        DurationSeconds = facts.Kind == MediaKind.Image ? null : facts.Seconds,
        FrameRate = facts.Kind == MediaKind.Image || facts.FrameRate <= 0 ? null : facts.FrameRate,
        Codec = facts.Codec,
        Detector = run.Detector ?? finder.DefaultDetector,
        Frames = run.Frames,
        Warnings = [.. Warnings(facts, plan, report, run, cut)],
    };

    private IEnumerable<string> Warnings(MediaFacts facts, SamplePlan plan, DecodeReport report, Run run, bool cut)
    {
        if (facts.Frames > run.Frames.Count && facts.Kind != MediaKind.Image) yield return $"{run.Frames.Count} of {facts.Frames} frames were looked at.";
        if (cut) yield return "Decoding ended early; only the frames up to there were looked at.";
        else if (report.Errors.Length > 0) yield return "The file has damaged parts; what could be decoded was looked at.";
        else if (run.Frames.Count < plan.Frames / 2) yield return "Fewer frames than planned could be decoded.";
        if (!finder.HasPrimary) yield return "The primary face detector is not available; the fallback did its work.";
        if (run.Scale > 1) yield return FormattableString.Invariant($"Frames were scaled down by {run.Scale:0.##} before they were looked at.");
    }

    private static IndexedFace Indexed(ExtractedFace face, int shard, int row) => new()
    {
        TrackId = face.Info.TrackId,
        Shard = shard,
        Row = row,
        Box = face.Face.Box,
        Landmarks = face.Face.Landmarks,
        Confidence = face.Face.Confidence,
        Quality = face.Info.Quality,
    };

    private static Task ReportAsync(MediaSubmitted message, IPublishEndpoint bus, double fraction, CancellationToken cancellationToken) => bus.PublishConfirmedAsync(
        new AnalysisProgressed { AnalysisId = message.AnalysisId, Tenant = message.Tenant, Lane = message.Lane, Stage = Stage.Frames, Fraction = fraction },
        cancellationToken);

    /// <summary>What piles up while one medium is worked on.</summary>
    private sealed class Run(MediaSubmitted message, IPublishEndpoint bus, SamplePlan plan, FrameServiceOptions options, StageClock clock)
    {
        private int _quarter;

        public MediaSubmitted Message { get; } = message;

        public IPublishEndpoint Bus { get; } = bus;

        public StageClock Clock { get; } = clock;

        public ShardBuffer Shards { get; } = new(options.CropsPerShard);

        public FramePackBuilder Pack { get; } = new(Math.Max(1, plan.Frames));

        public List<IndexedFrame> Frames { get; } = [];

        public int Width { get; private set; }

        public int Height { get; private set; }

        public float Scale { get; private set; } = 1;

        public string? Detector { get; private set; }

        public void Add(ExtractedFrame frame, List<IndexedFace> faces)
        {
            if (Frames.Count == 0) (Width, Height, Scale) = (frame.Picture.SourceWidth, frame.Picture.SourceHeight, frame.Picture.Scale);
            Detector ??= frame.Faces.Count > 0 ? frame.Faces[0].Face.Detector : null;
            Frames.Add(new IndexedFrame { Seconds = frame.Picture.Seconds, Faces = faces });
        }

        /// <summary>The share done, each time another quarter is; else null.</summary>
        public double? NextQuarter()
        {
            var quarter = 4 * Frames.Count / Math.Max(1, plan.Frames);
            if (quarter <= _quarter || quarter >= 4) return null;
            _quarter = quarter;
            return quarter / 4.0;
        }
    }
}
