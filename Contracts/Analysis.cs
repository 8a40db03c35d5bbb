namespace Deepfake.Contracts;

/// <summary>Where an analysis stands.</summary>
public enum AnalysisStatus
{
    /// <summary>Media and record are stored; no worker has begun.</summary>
    Accepted,

    /// <summary>Being worked on.</summary>
    Running,

    /// <summary>Over, with a verdict.</summary>
    Completed,

    /// <summary>Over, with an error code.</summary>
    Failed,

    /// <summary>Over, by the client's wish.</summary>
    Cancelled,
}

/// <summary>The stage an analysis is in, in the order of the pipeline.</summary>
public enum Stage
{
    /// <summary>Waits for a worker.</summary>
    Queued,

    /// <summary>Decoding, face detection, tracking, cropping.</summary>
    Frames,

    /// <summary>Neural scoring and forensics.</summary>
    Scoring,

    /// <summary>Merging and fusing.</summary>
    Fusion,

    /// <summary>Over.</summary>
    Done,
}

/// <summary>The answer in one word.</summary>
public enum Verdict
{
    /// <summary>No evidence of manipulation above the calibrated threshold.</summary>
    Authentic,

    /// <summary>Between the two thresholds: worth a person's look.</summary>
    Suspicious,

    /// <summary>Above the threshold whose false-positive rate is stated in the model card.</summary>
    Manipulated,

    /// <summary>The service cannot know; <see cref="Analysis.Reasons"/> says why.</summary>
    Inconclusive,
}

/// <summary>How much attention the medium asks for. Follows the verdict, so that the two never contradict each other.</summary>
public enum RiskLevel
{
    /// <summary>Authentic, and the probability is below half of where suspicion begins.</summary>
    Low,

    /// <summary>Authentic, but nearer to suspicion than to nothing; or inconclusive with such a probability.</summary>
    Medium,

    /// <summary>Suspicious; or inconclusive with a probability at which it would be.</summary>
    High,

    /// <summary>Manipulated; or inconclusive with a probability at which it would be.</summary>
    Critical,
}

/// <summary>Which thresholds turn a probability into a verdict.</summary>
public enum ThresholdProfile
{
    /// <summary>The thresholds of the calibration.</summary>
    Balanced,

    /// <summary>Fewer false alarms, more misses.</summary>
    Strict,

    /// <summary>Fewer misses, more false alarms.</summary>
    Sensitive,
}

/// <summary>What a client asked of an analysis that can change its result.</summary>
public sealed record AnalysisOptions
{
    /// <summary>Which thresholds decide.</summary>
    public ThresholdProfile Profile { get; init; } = ThresholdProfile.Balanced;

    /// <summary>Whether heat maps are wanted, where a model can give them.</summary>
    public bool HeatMaps { get; init; } = true;
}

/// <summary>
/// The public record of one analysis: what <c>GET /v1/analyses/{id}</c> answers (snake_case). Result fields are null until the
/// analysis is completed.
/// </summary>
public sealed record Analysis
{
    /// <summary>Id, e.g. <c>an_01k…</c>; sorts by time of acceptance.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required AnalysisStatus Status { get; init; }

    /// <summary>Stage of the pipeline.</summary>
    public required Stage Stage { get; init; }

    /// <summary>Monotonic share done, 0–100.</summary>
    public required double Progress { get; init; }

    /// <summary>Estimated seconds from <see cref="UpdatedAt"/> to the end; null when it is over or too little is known.</summary>
    public double? SecondsRemaining { get; init; }

    /// <summary>Name the client gave the file, cleaned; never used as a path.</summary>
    public string? FileName { get; init; }

    /// <summary>The client's own name for it, as submitted.</summary>
    public string? Reference { get; init; }

    /// <summary>Whatever else the client wanted to keep with it.</summary>
    public IReadOnlyDictionary<string, string> Metadata { get; init; } = new Dictionary<string, string>();

    /// <summary>What was asked for.</summary>
    public AnalysisOptions Options { get; init; } = new();

    /// <summary>The medium.</summary>
    public required MediaSummary Media { get; init; }

    /// <summary>The answer in one word: a reviewer's where there is one, else the machine's; null while running or after a failure.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>What the machine said, whatever a reviewer says; null while running or after a failure.</summary>
    public Verdict? MachineVerdict { get; init; }

    /// <summary>The latest word of a reviewer; null without one.</summary>
    public Review? Review { get; init; }

    /// <summary>Reason codes behind the verdict, one of <see cref="ReasonCodes"/>, strongest first.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Calibrated probability of <em>manipulated</em> in [0,1]; null when nothing could be scored.</summary>
    public double? Probability { get; init; }

    /// <summary>True for <see cref="Contracts.Verdict.Manipulated"/>, false for authentic and suspicious, null when inconclusive.</summary>
    public bool? IsDeepfake { get; init; }

    /// <summary><see cref="Probability"/> as 0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>How far the answer can be trusted, 0–100: certainty of the probability, reduced by doubt about the input.</summary>
    public double? Confidence { get; init; }

    /// <summary>Attention it asks for; null when nothing could be scored.</summary>
    public RiskLevel? RiskLevel { get; init; }

    /// <summary>Where the verdicts began when this was decided; null while running.</summary>
    public ScoreThresholds? Thresholds { get; init; }

    /// <summary>What the score is worth; null where that was not measured.</summary>
    public ScoreMeaning? ScoreMeaning { get; init; }

    /// <summary>One entry a face track.</summary>
    public IReadOnlyList<FaceTrack> Faces { get; init; } = [];

    /// <summary>One entry a sampled frame, by time.</summary>
    public IReadOnlyList<FrameScore> Frames { get; init; } = [];

    /// <summary>Stretches of time with high scores.</summary>
    public IReadOnlyList<Segment> Segments { get; init; } = [];

    /// <summary>What was found, in plain words: evidence first, the strongest first, then observations, then reasons to doubt.</summary>
    public IReadOnlyList<Finding> Findings { get; init; } = [];

    /// <summary>Models that took part, or should have.</summary>
    public IReadOnlyList<ModelResult> Models { get; init; } = [];

    /// <summary>Forensic signals.</summary>
    public IReadOnlyList<Signal> Signals { get; init; } = [];

    /// <summary>What a reader of the result should know: sampling, fallbacks, missing parts.</summary>
    public IReadOnlyList<string> Warnings { get; init; } = [];

    /// <summary>Links to pictures and reports, by name.</summary>
    public IReadOnlyDictionary<string, string> Artifacts { get; init; } = new Dictionary<string, string>();

    /// <summary>Why the analysis failed; null otherwise.</summary>
    public AnalysisError? Error { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it last moved on (UTC).</summary>
    public DateTimeOffset? UpdatedAt { get; init; }

    /// <summary>When it ended (UTC).</summary>
    public DateTimeOffset? CompletedAt { get; init; }

    /// <summary>When everything of it will be removed (UTC), if it was submitted with a retention of its own; null for the tenant's rule.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Number among the analyses of the same stored medium, from 1.</summary>
    public int Version { get; init; } = 1;

    /// <summary>The first analysis of this medium, if this is a later version; null otherwise.</summary>
    public string? ReprocessOf { get; init; }

    /// <summary>Seconds spent, by stage.</summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();
}

/// <summary>How many media of the test material score as high. No model was trained on its people, and on most of its sources and methods none.</summary>
/// <param name="AuthenticShare">Share of authentic media that score as high or higher, (0,1].</param>
/// <param name="ManipulatedShare">Share of manipulated media that do, (0,1].</param>
public sealed record ScoreMeaning(double AuthenticShare, double ManipulatedShare);

/// <summary>Where the verdicts begin, on <see cref="Analysis.DeepfakeScore"/>, 0–100.</summary>
/// <param name="Suspicious">From here suspicious.</param>
/// <param name="Manipulated">From here manipulated.</param>
/// <param name="Authentic">Below this authentic, and inconclusive from here to <paramref name="Suspicious"/>; null: authentic up to there.</param>
public sealed record ScoreThresholds(double Suspicious, double Manipulated, double? Authentic = null);

/// <summary>A person's word on an analysis. It stands above the machine's verdict; probability, scores and evidence stay the machine's.</summary>
public sealed record Review
{
    /// <summary>The verdict.</summary>
    public required Verdict Verdict { get; init; }

    /// <summary>Why, in the reviewer's words.</summary>
    public string? Note { get; init; }

    /// <summary>Id of the API key that signed it; <c>local</c> for the person at a machine without keys.</summary>
    public required string ReviewedBy { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset ReviewedAt { get; init; }
}

/// <summary>Why an analysis failed.</summary>
/// <param name="Code">Stable code, one of <see cref="ErrorCodes"/>.</param>
/// <param name="Detail">One plain sentence.</param>
public sealed record AnalysisError(string Code, string Detail);

/// <summary>Facts about the medium. Sizes are those after rotation; they are null before it was decoded.</summary>
public sealed record MediaSummary
{
    /// <summary>Image, animation or video; null before it was probed.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>Container.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Hash of the uploaded bytes, 64 lower-case hex digits.</summary>
    public required string Sha256 { get; init; }

    /// <summary>Size in bytes.</summary>
    public required long SizeBytes { get; init; }

    /// <summary>Width in pixels.</summary>
    public int? Width { get; init; }

    /// <summary>Height in pixels.</summary>
    public int? Height { get; init; }

    /// <summary>Length in seconds; null for an image.</summary>
    public double? DurationSeconds { get; init; }

    /// <summary>Name of the video codec as ffprobe gives it.</summary>
    public string? Codec { get; init; }
}

/// <summary>One person followed through the medium.</summary>
public sealed record FaceTrack
{
    /// <summary>Number of the track, from 1.</summary>
    public required int TrackId { get; init; }

    /// <summary>Probability of <em>manipulated</em> pooled over the track, [0,1]; null when no model scored it.</summary>
    public double? Score { get; init; }

    /// <summary>First sighting, media time in seconds.</summary>
    public required double FirstSeconds { get; init; }

    /// <summary>Last sighting, media time in seconds.</summary>
    public required double LastSeconds { get; init; }

    /// <summary>In how many sampled frames it was seen.</summary>
    public required int Frames { get; init; }

    /// <summary>Median face size in source pixels (the longer side of the box).</summary>
    public required double SizePixels { get; init; }

    /// <summary>Media time of the pictures below: the best of those that score as high as the whole; null where nothing was scored.</summary>
    public double? PictureSeconds { get; init; }

    /// <summary>Link to a picture of this face.</summary>
    public string? Crop { get; init; }

    /// <summary>Link to the same picture with what speaks for manipulation laid over it; null where no model says where it looked.</summary>
    public string? HeatMap { get; init; }

    /// <summary>Link to the whole frame of that picture, with the face marked and the heat map, if there is one, in its place; null before the
    /// end, and beyond the twelve faces with the highest scores.</summary>
    public string? Frame { get; init; }
}

/// <summary>Scores of one sampled frame.</summary>
public sealed record FrameScore
{
    /// <summary>Media time in seconds.</summary>
    public required double Seconds { get; init; }

    /// <summary>Highest face score of the frame, [0,1]; null without a scored face.</summary>
    public double? Score { get; init; }

    /// <summary>The faces of the frame.</summary>
    public IReadOnlyList<FaceScore> Faces { get; init; } = [];
}

/// <summary>Score of one face in one frame.</summary>
public sealed record FaceScore
{
    /// <summary>Track it belongs to.</summary>
    public required int TrackId { get; init; }

    /// <summary>Box in source pixels after rotation.</summary>
    public required Box Box { get; init; }

    /// <summary>Probability of <em>manipulated</em>, [0,1]; null when no model scored it.</summary>
    public double? Score { get; init; }
}

/// <summary>An axis-aligned rectangle in source pixels after rotation.</summary>
/// <param name="X">Left edge.</param>
/// <param name="Y">Top edge.</param>
/// <param name="Width">Width, &gt; 0.</param>
/// <param name="Height">Height, &gt; 0.</param>
public readonly record struct Box(float X, float Y, float Width, float Height);

/// <summary>A stretch of time in which a face scored high.</summary>
/// <param name="StartSeconds">Start, media time.</param>
/// <param name="EndSeconds">End, media time.</param>
/// <param name="Score">Mean score inside, [0,1].</param>
/// <param name="TrackId">The face.</param>
public sealed record Segment(double StartSeconds, double EndSeconds, double Score, int TrackId);

/// <summary>What a finding is good for.</summary>
public enum FindingKind
{
    /// <summary>Counted for the verdict.</summary>
    Evidence,

    /// <summary>Seen, but not counted.</summary>
    Observation,

    /// <summary>A reason to trust the answer less.</summary>
    Doubt,
}

/// <summary>One thing that was found, tied to a number and a place.</summary>
public sealed record Finding
{
    /// <summary>Stable code, e.g. <c>face_score</c>, <c>segment</c>, <c>small_face</c>; the name of the signal for a signal.</summary>
    public required string Code { get; init; }

    /// <summary>What it is good for.</summary>
    public required FindingKind Kind { get; init; }

    /// <summary>One plain English sentence, never stronger than the calibration allows.</summary>
    public required string Text { get; init; }

    /// <summary>How strong it is, [0,1]; orders findings of one kind.</summary>
    public double Strength { get; init; }

    /// <summary>The face it is about; null for the whole medium.</summary>
    public int? TrackId { get; init; }

    /// <summary>Where it begins, media time; null for everywhere and for images.</summary>
    public double? StartSeconds { get; init; }

    /// <summary>Where it ends, media time.</summary>
    public double? EndSeconds { get; init; }

    /// <summary>The number behind the sentence.</summary>
    public double? Value { get; init; }
}

/// <summary>What one model said about the medium.</summary>
public sealed record ModelResult
{
    /// <summary>Name from the manifest.</summary>
    public required string Name { get; init; }

    /// <summary>Version from the manifest.</summary>
    public required string Version { get; init; }

    /// <summary>Execution provider: <c>cpu</c>, <c>cuda</c>, <c>cpu int8</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>Pooled probability of <em>manipulated</em>, [0,1]; null after an error.</summary>
    public double? Score { get; init; }

    /// <summary>Weight in the ensemble.</summary>
    public required double Weight { get; init; }

    /// <summary>Name of the family of models that look for the same kind of fakes, e.g. <c>synthesis</c>; null where it has none. The odds of
    /// families are added.</summary>
    public string? Family { get; init; }

    /// <summary>Why it gave no score.</summary>
    public string? Error { get; init; }
}

/// <summary>One forensic measurement.</summary>
public sealed record Signal
{
    /// <summary><see cref="Reason"/> of a measurement that failed: unlike one that does not apply, it might have said something.</summary>
    public const string Unavailable = "unavailable";

    /// <summary>Stable name, e.g. <c>azimuthal_spectrum</c>.</summary>
    public required string Name { get; init; }

    /// <summary>How unusual the measurement is, [0,1]: 0 as expected of a camera, 1 never seen there. Null when not applicable.</summary>
    public double? Score { get; init; }

    /// <summary>Whether the signal says anything about this medium.</summary>
    public required bool Applicable { get; init; }

    /// <summary>Why it does or does not apply, or what was seen, in one plain sentence.</summary>
    public required string Reason { get; init; }

    /// <summary>Weight in the fusion; 0 as long as no gain was measured.</summary>
    public double Weight { get; init; }

    /// <summary>The numbers behind the score, by name.</summary>
    public IReadOnlyDictionary<string, double> Values { get; init; } = new Dictionary<string, double>();

    /// <summary>How well the score told manipulated from authentic media where that was measured; null where it never was.</summary>
    public MeasuredAuc? Auc { get; init; }

    /// <summary>Where the measurement stands out, strongest first; empty when it is about the medium as a whole.</summary>
    public IReadOnlyList<SignalPlace> Places { get; init; } = [];
}

/// <summary>Area under the ROC curve of a signal's score, mean over the sources it was measured on. 0.5 is chance.</summary>
/// <param name="Value">[0,1]; below 0.5 the score is higher on authentic media.</param>
/// <param name="Low">Lower end of the 95 % interval, whole groups of people resampled.</param>
/// <param name="High">Upper end.</param>
/// <param name="Media">Media it was measured on, where the signal applied.</param>
public sealed record MeasuredAuc(double Value, double Low, double High, int Media);

/// <summary>A place that a signal points at. What is null is not narrowed down.</summary>
public sealed record SignalPlace
{
    /// <summary>The face.</summary>
    public int? TrackId { get; init; }

    /// <summary>Start, media time in seconds.</summary>
    public double? StartSeconds { get; init; }

    /// <summary>End, media time in seconds.</summary>
    public double? EndSeconds { get; init; }

    /// <summary>Box in source pixels after rotation.</summary>
    public Box? Box { get; init; }

    /// <summary>The signal's own measure there.</summary>
    public required double Value { get; init; }
}
