using System.Globalization;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Merging;
using Deepfake.ResultService.Tests.Fusion;

namespace Deepfake.ResultService.Tests.Hosting;

/// <summary>One accepted film of 16 frames with one face in two shards, and the messages the other services would send about it.</summary>
internal sealed class Submission
{
    public const int Shards = 2;
    private const int PerShard = 8;
    private static int _count;

    public required string Id { get; init; }

    public FaceIndex Index { get; } = Medium.Film(Shards * PerShard, perShard: PerShard);

    public static async Task<Submission> CreateAsync(
        ResultHost host, string? webhookUrl = null, TimeSpan? time = null, bool extracted = true, Func<AnalysisRecord, AnalysisRecord>? change = null)
    {
        var submission = new Submission { Id = string.Create(CultureInfo.InvariantCulture, $"an_test{Interlocked.Increment(ref _count):D6}") };
        await host.Objects.PutAsync(ObjectKeys.Media("default", submission.Id), new MemoryStream([1, 2, 3]), "video/mp4", CancellationToken.None);
        var now = host.Clock.GetUtcNow();
        var record = new AnalysisRecord
        {
            Id = submission.Id,
            Tenant = "default",
            Lane = Lane.Interactive,
            FileName = "clip.mp4",
            MediaKey = ObjectKeys.Media("default", submission.Id),
            Format = MediaFormat.Mp4,
            SizeBytes = 3,
            Sha256 = new string('a', 64),
            AcceptedAt = now,
            Deadline = now + (time ?? TimeSpan.FromMinutes(30)),
            WebhookUrl = webhookUrl,
        };
        await host.Analyses.CreateAsync(change?.Invoke(record) ?? record, CancellationToken.None);
        if (extracted) await submission.ExtractAsync(host);
        return submission;
    }

    /// <summary>One that was completed, down to its announcement.</summary>
    public static async Task<Submission> EndedAsync(ResultHost host, Func<AnalysisRecord, AnalysisRecord>? change = null)
    {
        var submission = await CreateAsync(host, change: change);
        await submission.CompleteAsync(host);
        return submission;
    }

    /// <summary>Does what the other services do about it, and waits until nothing is left to do.</summary>
    public async Task CompleteAsync(ResultHost host, float score = 0.95f)
    {
        await ExtractAsync(host);
        foreach (var delivery in Deliveries(host, score)) await delivery();
        await host.WaitForEndAsync(Id);
        await Eventually.TrueAsync(
            async () => (await host.Analyses.ListOpenAsync("default", null, 200, CancellationToken.None)).All(state => state.Record.Id != Id), "the end is announced for good");
    }

    /// <summary>Stores what FrameService stores.</summary>
    public async Task ExtractAsync(ResultHost host)
    {
        await PutAsync(host, ObjectKeys.Index("default", Id), new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(Index, DeepfakeJson.Options)));
        await PutAsync(host, ObjectKeys.FramePack("default", Id), new MemoryStream([1]));
        for (var shard = 0; shard < Shards; shard++)
        {
            var pixels = new byte[PerShard * FacePack.CropBytes];
            for (var row = 0; row < PerShard; row++) pixels.AsSpan(row * FacePack.CropBytes, FacePack.CropBytes).Fill((byte)(10 * shard + row));
            using var pack = new MemoryStream();
            await new FacePack(pixels, [.. Enumerable.Range(0, PerShard).Select(row => new CropInfo
            {
                Seconds = shard * PerShard + row,
                TrackId = 1,
                Box = new Box(0, 0, 1, 1),
                Landmarks = new float[12],
                Quality = Medium.Good,
            })]).WriteAsync(pack, CancellationToken.None);
            pack.Position = 0;
            await PutAsync(host, ObjectKeys.FacePack("default", Id, shard), pack);
        }
    }

    public FramesExtracted Frames() => new()
    {
        AnalysisId = Id,
        Tenant = "default",
        Lane = Lane.Interactive,
        ShardCount = Shards,
        IndexKey = ObjectKeys.Index("default", Id),
        FramePackKey = ObjectKeys.FramePack("default", Id),
        MediaKey = ObjectKeys.Media("default", Id),
        Format = MediaFormat.Mp4,
        Kind = MediaKind.Video,
        Timings = new Dictionary<string, double> { ["decode"] = 0.5 },
        Deadline = DateTimeOffset.MaxValue,
    };

    public InferenceCompleted Inference(int shard, float score = 0.95f) => new()
    {
        AnalysisId = Id,
        Tenant = "default",
        Lane = Lane.Interactive,
        Shard = shard,
        Models = [Medium.Model("a", [.. Enumerable.Repeat(score, PerShard)])],
        Timings = new Dictionary<string, double> { ["run"] = 0.25 },
    };

    public ForensicsCompleted Forensics() => new()
    {
        AnalysisId = Id,
        Tenant = "default",
        Lane = Lane.Interactive,
        Signals = [Medium.Signal("azimuthal_spectrum", 0.3)],
        Timings = new Dictionary<string, double> { ["total"] = 0.1 },
    };

    public AnalysisFailed Failure(string code = ErrorCodes.Corrupt) =>
        new() { AnalysisId = Id, Tenant = "default", Lane = Lane.Interactive, Code = code, Detail = "It cannot be decoded." };

    public AnalysisProgressed Progressed(Stage stage, double fraction) =>
        new() { AnalysisId = Id, Tenant = "default", Lane = Lane.Interactive, Stage = stage, Fraction = fraction };

    /// <summary>The messages that complete it, each as a delivery straight to the merger.</summary>
    public Func<Task>[] Deliveries(ResultHost host, float score = 0.95f) =>
    [
        () => host.Merger.AddAsync(Frames(), AnalysisParts.FramesKey, host.Bus, CancellationToken.None),
        () => host.Merger.AddAsync(Inference(0, score), AnalysisParts.InferenceKey(0), host.Bus, CancellationToken.None),
        () => host.Merger.AddAsync(Inference(1, score), AnalysisParts.InferenceKey(1), host.Bus, CancellationToken.None),
        () => host.Merger.AddAsync(Forensics(), AnalysisParts.ForensicsKey, host.Bus, CancellationToken.None),
    ];

    public async Task PublishAllAsync(ResultHost host)
    {
        await host.Bus.Publish(Frames());
        await host.Bus.Publish(Inference(0));
        await host.Bus.Publish(Inference(1));
        await host.Bus.Publish(Forensics());
    }

    private static Task PutAsync(ResultHost host, string key, Stream content) => host.Objects.PutAsync(key, content, "application/octet-stream", CancellationToken.None);
}
