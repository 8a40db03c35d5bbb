using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;

namespace Deepfake.Infrastructure.Tests.Analyses;

internal static class Samples
{
    public static string NewId() => "an_" + Guid.CreateVersion7().ToString("n");

    public static AnalysisRecord Record(DateTimeOffset acceptedAt, string? id = null, string tenant = "acme") => new()
    {
        Id = id ?? NewId(),
        Tenant = tenant,
        Lane = Lane.Batch,
        FileName = "Ünïcode \"clip\" 1.mp4",
        MediaKey = "acme/x/media",
        Format = MediaFormat.Mp4,
        SizeBytes = 5_000_000_000,
        Sha256 = new string('a', 64),
        AcceptedAt = acceptedAt,
        Deadline = acceptedAt.AddMinutes(10),
        WebhookUrl = "https://example.org/hook?x=1&y=2",
        TraceParent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    };

    public static Analysis Result(string id, DateTimeOffset createdAt, AnalysisStatus status = AnalysisStatus.Completed, string? note = null) => new()
    {
        Id = id,
        Status = status,
        Stage = Stage.Done,
        Progress = 100,
        FileName = "clip.mp4",
        Media = new MediaSummary { Kind = MediaKind.Video, Format = MediaFormat.Mp4, Sha256 = new string('a', 64), SizeBytes = 5_000_000_000, Width = 1920, Height = 1080, DurationSeconds = 12.345 },
        Verdict = status == AnalysisStatus.Completed ? Verdict.Manipulated : null,
        Reasons = [ReasonCodes.HighFaceScore],
        Probability = 0.9123456789012345,
        IsDeepfake = true,
        DeepfakeScore = 91.23,
        Confidence = 80.5,
        RiskLevel = RiskLevel.Critical,
        Faces = [new FaceTrack { TrackId = 1, Score = 0.91, FirstSeconds = 0, LastSeconds = 12.3, Frames = 32, SizePixels = 240.5 }],
        Frames = [new FrameScore { Seconds = 0.5, Score = 0.9, Faces = [new FaceScore { TrackId = 1, Box = new Box(1.5f, 2, 3, 4), Score = 0.9 }] }],
        Segments = [new Segment(0, 1.5, 0.95, 1)],
        Models = [new ModelResult { Name = "net", Version = "1", Provider = "cpu", Score = 0.9, Weight = 1 }],
        Signals = [new Signal { Name = "s", Applicable = true, Reason = "r", Score = 0.1, Values = new Dictionary<string, double> { ["snake_and Kebab"] = 1e-9 } }],
        Warnings = note is null ? [] : [note],
        Artifacts = new Dictionary<string, string> { ["report"] = "/x" },
        Error = status == AnalysisStatus.Failed ? new AnalysisError(ErrorCodes.StageFailed, "d") : null,
        CreatedAt = createdAt,
        CompletedAt = createdAt.AddSeconds(3),
        Timings = new Dictionary<string, double> { ["frames"] = 1.25 },
    };
}
