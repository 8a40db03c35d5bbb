using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Compat;

namespace Deepfake.IngestService.Tests.Compat;

public sealed class OldShapeTests
{
    private static readonly OldShape Shape = new(null);
    private static readonly string[] Common = ["analysis_id", "reasons", "verdict"];

    [Fact]
    public void Names_are_those_that_the_clients_know()
    {
        var analysis = Completed(Verdict.Manipulated, 0.97);

        Assert.Equal(["confidence", "deepfake_score", "is_deepfake", "risk_level"], Names(Shape.Analyze(analysis)));
        Assert.Equal(["confidence", "device", "explanation", "filename", "grad_cam_available", "model", "prediction"], Names(Shape.Predict(analysis)));
        Assert.Equal(["confidence", "file_type", "frames_processed", "label"], Names(Shape.File(analysis)));
        Assert.Equal(["confidence", "faces_detected", "frame_analysis", "prediction", "processing_time"], Names(Shape.Upload(analysis)));
        Assert.Equal(["suspicious_frames", "total_frames"], Json(Shape.Upload(analysis)).GetProperty("frame_analysis").EnumerateObject().Select(member => member.Name).Order());
    }

    [Theory]
    [InlineData(Verdict.Manipulated, 0.97, true, 97, "CRITICAL", "Deepfake", "FAKE")]
    [InlineData(Verdict.Suspicious, 0.8, false, 80, "HIGH", "Real", "REAL")]
    [InlineData(Verdict.Authentic, 0.6, false, 60, "MEDIUM", "Real", "REAL")]
    [InlineData(Verdict.Authentic, 0.02, false, 2, "LOW", "Real", "REAL")]
    public void Verdicts_become_labels(Verdict verdict, double probability, bool isDeepfake, double score, string risk, string prediction, string label)
    {
        var analysis = Completed(verdict, probability);

        var analyze = Shape.Analyze(analysis);
        Assert.Equal((isDeepfake, score, 80, risk), (analyze.IsDeepfake, analyze.DeepfakeScore, analyze.Confidence, analyze.RiskLevel));
        Assert.Equal((prediction, 80), (Shape.Predict(analysis).Prediction, Shape.Predict(analysis).Confidence));
        Assert.Equal((label, 0.8), (Shape.File(analysis).Label, Shape.File(analysis).Confidence));
        Assert.Equal((prediction, 0.8), (Shape.Upload(analysis).Prediction, Shape.Upload(analysis).Confidence));
    }

    [Fact]
    public void What_cannot_be_known_accuses_nobody_and_claims_nothing()
    {
        var unknown = Completed(Verdict.Inconclusive, null) with { Faces = [], Frames = [], Models = [], Findings = [], Confidence = null, Reasons = [ReasonCodes.NoFace] };
        var doubtful = Completed(Verdict.Inconclusive, 0.99);

        Assert.Equal((false, 50.0, 0.0, "MEDIUM"), Tuple(Shape.Analyze(unknown)));
        Assert.Equal((false, 99.0, 0.0, "CRITICAL"), Tuple(Shape.Analyze(doubtful)));
        var predict = Shape.Predict(unknown);
        Assert.Equal(("Real", 0.0, "Inconclusive: no_face.", "none", "none", false), (predict.Prediction, predict.Confidence, predict.Explanation, predict.Model, predict.Device, predict.GradCamAvailable));
        Assert.Equal(Verdict.Inconclusive, predict.Verdict);
        Assert.Equal(("REAL", 0.0, 0), (Shape.File(unknown).Label, Shape.File(unknown).Confidence, Shape.File(unknown).FramesProcessed));

        static (bool, double, double, string) Tuple(AnalyzeAnswer answer) => (answer.IsDeepfake, answer.DeepfakeScore, answer.Confidence, answer.RiskLevel);
    }

    [Fact]
    public void A_threshold_of_the_old_kind_moves_the_label_and_not_a_reviewers_word()
    {
        var strict = new OldShape(0.5);

        Assert.True(strict.Analyze(Completed(Verdict.Suspicious, 0.8)).IsDeepfake);
        Assert.False(strict.Analyze(Completed(Verdict.Authentic, 0.49)).IsDeepfake);
        Assert.False(strict.Analyze(Completed(Verdict.Inconclusive, 0.99)).IsDeepfake);
        var review = new Review { Verdict = Verdict.Authentic, ReviewedBy = "key", ReviewedAt = DateTimeOffset.UnixEpoch };
        Assert.False(strict.Analyze(Completed(Verdict.Authentic, 0.99) with { Review = review }).IsDeepfake);
    }

    [Fact]
    public void Explanation_models_and_frames_are_those_of_the_analysis()
    {
        var analysis = Completed(Verdict.Manipulated, 0.97);
        var predict = Shape.Predict(analysis);

        Assert.Equal("Manipulated. The face scores 97 of 100. The face is small.", predict.Explanation);
        Assert.Equal(("swap 1.0.0 + spectrum 2.0.0", "cpu", true, "clip.mp4"), (predict.Model, predict.Device, predict.GradCamAvailable, predict.Filename));
        var upload = Shape.Upload(analysis);
        Assert.Equal((1, 3.2, new FrameAnalysis(3, 2)), (upload.FacesDetected, upload.ProcessingTime, upload.FrameAnalysis));
        Assert.Equal(("video", 3), (Shape.File(analysis).FileType, Shape.File(analysis).FramesProcessed));
        Assert.Equal("image", Shape.File(analysis with { Media = analysis.Media with { Kind = MediaKind.Image } }).FileType);
        Assert.Equal("video", Shape.File(analysis with { Media = analysis.Media with { Kind = MediaKind.Animation } }).FileType);
    }

    /// <summary>A film of three frames with one face.</summary>
    internal static Analysis Completed(Verdict verdict, double? probability) => new()
    {
        Id = "an_1",
        Status = AnalysisStatus.Completed,
        Stage = Stage.Done,
        Progress = 100,
        FileName = "clip.mp4",
        Media = new MediaSummary { Kind = MediaKind.Video, Format = MediaFormat.Mp4, Sha256 = new string('0', 64), SizeBytes = 1 },
        Verdict = verdict,
        MachineVerdict = verdict,
        Reasons = [ReasonCodes.HighFaceScore],
        Probability = probability,
        IsDeepfake = verdict == Verdict.Inconclusive ? null : verdict == Verdict.Manipulated,
        DeepfakeScore = probability * 100,
        Confidence = 80,
        RiskLevel = probability switch { null => null, >= 0.9 => RiskLevel.Critical, >= 0.75 => RiskLevel.High, >= 0.4 => RiskLevel.Medium, _ => RiskLevel.Low },
        Thresholds = new ScoreThresholds(75, 90),
        Faces = [new FaceTrack { TrackId = 1, Score = probability, FirstSeconds = 0, LastSeconds = 2, Frames = 3, SizePixels = 100, HeatMap = "/somewhere" }],
        Frames = [new FrameScore { Seconds = 0, Score = 0.97 }, new FrameScore { Seconds = 1, Score = 0.75 }, new FrameScore { Seconds = 2 }],
        Findings =
        [
            new Finding { Code = "face_score", Kind = FindingKind.Evidence, Text = "The face scores 97 of 100." },
            new Finding { Code = "spectrum", Kind = FindingKind.Observation, Text = "Not said." },
            new Finding { Code = "small_face", Kind = FindingKind.Doubt, Text = "The face is small." },
        ],
        Models =
        [
            new ModelResult { Name = "swap", Version = "1.0.0", Provider = "cpu", Score = 0.9, Weight = 1 },
            new ModelResult { Name = "spectrum", Version = "2.0.0", Provider = "cpu", Score = 0.8, Weight = 1 },
            new ModelResult { Name = "broken", Version = "1.0.0", Provider = "cpu", Weight = 1, Error = "It broke." },
        ],
        CreatedAt = DateTimeOffset.UnixEpoch,
        CompletedAt = DateTimeOffset.UnixEpoch.AddSeconds(3.5),
        Timings = new Dictionary<string, double> { ["total"] = 3.2 },
    };

    private static IEnumerable<string> Names(OldAnswer answer) => Json(answer).EnumerateObject().Select(member => member.Name).Except(Common).Order();

    private static JsonElement Json(OldAnswer answer) => JsonSerializer.SerializeToElement<object>(answer, DeepfakeJson.Options);
}
