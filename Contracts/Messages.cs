namespace Deepfake.Contracts;

/// <summary>
/// What every message of the pipeline carries. Messages hold keys of the object store, never media, and stay below 8 KB.
/// Any of them may arrive twice, late or out of order.
/// </summary>
public interface IAnalysisMessage
{
    /// <summary>The analysis, e.g. <c>an_01k…</c>.</summary>
    string AnalysisId { get; }

    /// <summary>Owner of the analysis.</summary>
    string Tenant { get; }

    /// <summary>Queue family; also the routing key.</summary>
    Lane Lane { get; }
}

/// <summary>IngestService → FrameService: media and record are durable, the work can start.</summary>
public sealed record MediaSubmitted : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>Object key of the medium as it was uploaded.</summary>
    public required string MediaKey { get; init; }

    /// <summary>Container found by its magic number.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Size of the medium in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>When the analysis has to be over (UTC). Work that starts later is pointless.</summary>
    public required DateTimeOffset Deadline { get; init; }
}

/// <summary>FrameService → InferenceWorker: one shard of face crops is stored. Shards are numbered from 0.</summary>
public sealed record FacesExtracted : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>Number of the shard, from 0.</summary>
    public required int Shard { get; init; }

    /// <summary>Object key of the face pack (safetensors).</summary>
    public required string PackKey { get; init; }

    /// <summary>How many crops the pack holds.</summary>
    public required int Count { get; init; }

    /// <summary>When the analysis has to be over (UTC).</summary>
    public required DateTimeOffset Deadline { get; init; }
}

/// <summary>
/// FrameService → ForensicsWorker and ResultService: decoding is over. Comes after every <see cref="FacesExtracted"/> was
/// published and carries their count, so that ResultService knows when it has everything.
/// </summary>
public sealed record FramesExtracted : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>How many face shards there are; 0 when no face was found.</summary>
    public required int ShardCount { get; init; }

    /// <summary>Object key of the <see cref="FaceIndex"/> (JSON).</summary>
    public required string IndexKey { get; init; }

    /// <summary>Object key of the frame pack (safetensors).</summary>
    public required string FramePackKey { get; init; }

    /// <summary>Object key of the medium as it was uploaded.</summary>
    public required string MediaKey { get; init; }

    /// <summary>Container of the medium.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Image, animation or video, as decoded.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>How a film is encoded; null for what is none.</summary>
    public EncodingFacts? Encoding { get; init; }

    /// <summary>CPU and wall times of the stage in seconds, by name.</summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();

    /// <summary>When the analysis has to be over (UTC).</summary>
    public required DateTimeOffset Deadline { get; init; }
}

/// <summary>How a film is encoded, as its container says. Texts are cut to 100 characters; null and 0 stand for unknown.</summary>
public sealed record EncodingFacts
{
    /// <summary>Codec as ffprobe names it.</summary>
    public required string Codec { get; init; }

    /// <summary>Profile of the codec.</summary>
    public string? Profile { get; init; }

    /// <summary>Program that wrote the container.</summary>
    public string? Muxer { get; init; }

    /// <summary>Program that encoded the picture.</summary>
    public string? Encoder { get; init; }

    /// <summary>Maker and model of the camera.</summary>
    public string? Camera { get; init; }

    /// <summary>Major brand of an MP4, comment, title: whatever else names programs.</summary>
    public string? Remarks { get; init; }

    /// <summary>Bits a second of the picture, or of the file where that is unknown.</summary>
    public double BitsPerSecond { get; init; }

    /// <summary>Width in pixels before rotation.</summary>
    public int Width { get; init; }

    /// <summary>Height in pixels before rotation.</summary>
    public int Height { get; init; }

    /// <summary>Frames a second.</summary>
    public double FrameRate { get; init; }

    /// <summary>Frames that a picture may wait for later ones (B frames); phones record without.</summary>
    public int ReorderedFrames { get; init; }
}

/// <summary>InferenceWorker → ResultService: the scores of one shard by every model that ran.</summary>
public sealed record InferenceCompleted : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>Number of the shard, from 0.</summary>
    public required int Shard { get; init; }

    /// <summary>One entry a model; a failed model is present with <see cref="ModelScores.Error"/>.</summary>
    public required IReadOnlyList<ModelScores> Models { get; init; }

    /// <summary>Object key of the shard's heat maps; null where no model has any.</summary>
    public string? HeatMapKey { get; init; }

    /// <summary>Times in seconds, by name.</summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();
}

/// <summary>Scores of one model over the crops of one shard.</summary>
public sealed record ModelScores
{
    /// <summary>Model name from its manifest.</summary>
    public required string Name { get; init; }

    /// <summary>Model version from its manifest.</summary>
    public required string Version { get; init; }

    /// <summary>Weight in the ensemble: an operator's, else the manifest's; ≥ 0.</summary>
    public required double Weight { get; init; }

    /// <summary>Weight that an operator gave, ≥ 0; null where nobody did. It lets a model count that the fit does not know.</summary>
    public double? GivenWeight { get; init; }

    /// <summary>What an operator's decision does to the weight of the fit: 1 for nothing.</summary>
    public double WeightFactor { get; init; } = 1;

    /// <summary>Execution provider that ran it: <c>cpu</c>, <c>cuda</c>, <c>cpu int8</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>Calibrated probability of <em>manipulated</em> in [0,1], one a crop, in pack order. Empty after an error.</summary>
    public required IReadOnlyList<float> Scores { get; init; }

    /// <summary>Why the model gave no scores; null when it did.</summary>
    public string? Error { get; init; }
}

/// <summary>ForensicsWorker → ResultService: every forensic signal of the medium.</summary>
public sealed record ForensicsCompleted : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>All signals, applicable or not.</summary>
    public required IReadOnlyList<Signal> Signals { get; init; }

    /// <summary>Times in seconds, by name.</summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();
}

/// <summary>Any service → ResultService: how far a stage has come.</summary>
public sealed record AnalysisProgressed : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>The stage that reports.</summary>
    public required Stage Stage { get; init; }

    /// <summary>Share of the stage that is done, in [0,1].</summary>
    public required double Fraction { get; init; }
}

/// <summary>Any service → ResultService: the analysis cannot be completed. Final; nothing is retried.</summary>
public sealed record AnalysisFailed : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>Stable code, one of <see cref="ErrorCodes"/>.</summary>
    public required string Code { get; init; }

    /// <summary>One plain sentence for a person; no paths, no stack traces.</summary>
    public required string Detail { get; init; }
}

/// <summary>
/// ResultService → whoever is interested: the one final record is written (completed, failed or cancelled). Published at least once: a
/// crash before it was marked as announced, or two instances that sweep at the same time, repeat it. What a consumer does has to be keyed
/// by <see cref="AnalysisId"/>.
/// </summary>
public sealed record AnalysisCompleted : IAnalysisMessage
{
    /// <inheritdoc/>
    public required string AnalysisId { get; init; }

    /// <inheritdoc/>
    public required string Tenant { get; init; }

    /// <inheritdoc/>
    public required Lane Lane { get; init; }

    /// <summary>Final status.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Verdict of a completed analysis.</summary>
    public Verdict? Verdict { get; init; }
}
