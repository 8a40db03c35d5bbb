using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;

namespace Deepfake.ResultService.Merging;

/// <summary>What may be done with the parts that have arrived.</summary>
public enum MergeReadiness
{
    /// <summary>More is to come.</summary>
    Wait,

    /// <summary>Everything is there, or what is missing will not be waited for.</summary>
    Finish,
}

/// <summary>The parts of one analysis that have arrived, whatever their order.</summary>
public sealed record AnalysisParts
{
    /// <summary>Key of the part made from <see cref="FramesExtracted"/>.</summary>
    public static PartKey FramesKey { get; } = new("frames", 0);

    /// <summary>Key of the part made from <see cref="ForensicsCompleted"/>.</summary>
    public static PartKey ForensicsKey { get; } = new("forensics", 0);

    /// <summary>Key of the part made from <see cref="InferenceCompleted"/> of one shard.</summary>
    public static PartKey InferenceKey(int shard) => new("inference", shard);

    /// <summary>The end of decoding; null before.</summary>
    public FramesExtracted? Frames { get; private init; }

    /// <summary>When that arrived (UTC).</summary>
    public DateTimeOffset? FramesAt { get; private init; }

    /// <summary>Scores by shard, ascending; without shards that do not exist.</summary>
    public IReadOnlyList<InferenceCompleted> Inference { get; private init; } = [];

    /// <summary>The signals; null before they came.</summary>
    public ForensicsCompleted? Forensics { get; private init; }

    /// <summary>When the latest part other than forensics arrived.</summary>
    public DateTimeOffset LatestAt { get; private init; }

    /// <summary>Whether every face shard was scored.</summary>
    public bool HasAllScores => Frames is not null && Inference.Count == Frames.ShardCount;

    /// <summary>Share of the scoring that is done, [0,1]; null before the number of shards is known.</summary>
    public double? ScoringFraction => Frames is null ? null : (Inference.Count + (Forensics is null ? 0.0 : 1.0)) / (Frames.ShardCount + 1);

    /// <summary>A part as it is stored: the message and when it came.</summary>
    public static byte[] Write<T>(T message, DateTimeOffset arrivedAt) =>
        JsonSerializer.SerializeToUtf8Bytes(new Stored<T>(arrivedAt, message), DeepfakeJson.Options);

    /// <summary>Reads what the store holds.</summary>
    /// <exception cref="InvalidDataException">A part is not valid.</exception>
    public static AnalysisParts Read(IReadOnlyDictionary<PartKey, ReadOnlyMemory<byte>> stored)
    {
        try
        {
            var frames = stored.TryGetValue(FramesKey, out var framesJson) ? Read<FramesExtracted>(framesJson) : null;
            var forensics = stored.TryGetValue(ForensicsKey, out var forensicsJson) ? Read<ForensicsCompleted>(forensicsJson) : null;
            var inference = stored.Where(part => part.Key.Stage == InferenceKey(0).Stage && (frames is null || part.Key.Shard < frames.Message.ShardCount))
                .OrderBy(part => part.Key.Shard).Select(part => Read<InferenceCompleted>(part.Value)).ToList();
            return new AnalysisParts
            {
                Frames = frames?.Message,
                FramesAt = frames?.ArrivedAt,
                Forensics = forensics?.Message,
                Inference = [.. inference.Select(part => part.Message)],
                LatestAt = inference.Select(part => part.ArrivedAt).Append(frames?.ArrivedAt ?? default).Max(),
            };
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("A stored part cannot be read.", e);
        }
    }

    /// <summary>
    /// Finish when everything is there; when only the signals are missing and their grace has passed; and shortly before the deadline
    /// with whatever came of the frames: without a score the answer is "inconclusive, because no model was there". Only a medium that was
    /// never decoded runs into its deadline.
    /// </summary>
    public MergeReadiness Assess(AnalysisRecord record, DateTimeOffset now, ResultOptions options)
    {
        if (HasAllScores && (Forensics is not null || now - LatestAt >= options.ForensicsGrace)) return MergeReadiness.Finish;
        return now >= LastCall(record, options) && (Frames is not null || Forensics is not null) ? MergeReadiness.Finish : MergeReadiness.Wait;
    }

    /// <summary>From when on an analysis is completed with what is there.</summary>
    public static DateTimeOffset LastCall(AnalysisRecord record, ResultOptions options)
    {
        var tenth = (record.Deadline - record.AcceptedAt) / 10;
        return record.Deadline - (tenth < options.DeadlineMargin ? tenth : options.DeadlineMargin);
    }

    private static Stored<T> Read<T>(ReadOnlyMemory<byte> json) =>
        JsonSerializer.Deserialize<Stored<T>>(json.Span, DeepfakeJson.Options) ?? throw new JsonException("null");

    private sealed record Stored<T>(DateTimeOffset ArrivedAt, T Message);
}
