using Deepfake.Contracts;
using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Tests.Fusion;

/// <summary>Media made of numbers: which face is where, and what the models say.</summary>
internal static class Medium
{
    public static FaceQuality Good { get; } = new() { SizePixels = 300, Sharpness = 400, Brightness = 120, Yaw = 0, Roll = 0 };

    public static FaceQuality Small { get; } = Good with { SizePixels = 20 };

    public static FaceQuality Blurred { get; } = Good with { Sharpness = 1 };

    /// <summary>One face in one picture.</summary>
    public static FaceIndex Image(FaceQuality? quality = null) => Index(MediaKind.Image, [[Face(1, 0, 0, quality)]]);

    /// <summary>A film of one frame a second; <paramref name="perShard"/> crops a shard, every track in every frame.</summary>
    public static FaceIndex Film(int frames, int tracks = 1, int perShard = 8)
    {
        var crop = 0;
        return Index(MediaKind.Video, [.. Enumerable.Range(0, frames).Select(_ => Enumerable.Range(1, tracks)
            .Select(track => Face(track, crop / perShard, crop++ % perShard)).ToArray())]);
    }

    public static FaceIndex Index(MediaKind kind, IndexedFace[][] frames) => new()
    {
        Kind = kind,
        Width = 1920,
        Height = 1080,
        DurationSeconds = kind == MediaKind.Image ? null : frames.Length,
        Codec = "h264",
        Detector = "blazeface-256",
        Frames = [.. frames.Select((faces, i) => new IndexedFrame { Seconds = i, Faces = faces })],
        Warnings = ["sampled"],
    };

    public static IndexedFace Face(int track, int shard, int row, FaceQuality? quality = null) => new()
    {
        TrackId = track,
        Shard = shard,
        Row = row,
        Box = new Box(10 * track, 20, 100, 100),
        Landmarks = new float[12],
        Confidence = 0.9f,
        Quality = quality ?? Good,
    };

    public static ModelScores Model(string name, params float[] scores) =>
        new() { Name = name, Version = "1", Weight = 1, Provider = "cpu", Scores = scores };

    public static ModelScores Broken(string name) => Model(name) with { Error = "out of memory" };

    /// <summary>Shards for a film made by <see cref="Film"/>: the scores of all crops in order, one array a model.</summary>
    public static List<ShardScores> Shards(int perShard, params (string Model, float[] Scores)[] models) =>
        [.. models[0].Scores.Chunk(perShard).Select((_, shard) => new ShardScores(
            shard, [.. models.Select(model => Model(model.Model, model.Scores.Chunk(perShard).ElementAt(shard)))]))];

    public static FusionManifest Fit(double intercept, params (string Model, double Weight)[] weights) => new()
    {
        Version = "t1",
        Intercept = intercept,
        Models = weights.ToDictionary(entry => entry.Model, entry => entry.Weight),
        Thresholds = new VerdictThresholds(0.4, 0.8),
        Pooling = new PoolingSettings { Method = PoolingMethod.Mean, QualityWeighted = false },
    };

    public static Signal Signal(string name, double score) => new() { Name = name, Score = score, Applicable = true, Reason = "test" };
}
