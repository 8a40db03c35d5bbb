using Deepfake.Contracts;
using Deepfake.Infrastructure.Tests.Analyses;

namespace Deepfake.Infrastructure.Tests.Bus;

internal static class Messages
{
    private static readonly DateTimeOffset Deadline = new(2026, 5, 6, 7, 8, 9, 123, TimeSpan.Zero);

    public static MediaSubmitted Submitted(Lane lane = Lane.Batch, string? id = null) => new()
    {
        AnalysisId = id ?? Samples.NewId(),
        Tenant = "acme",
        Lane = lane,
        MediaKey = "acme/x/media",
        Format = MediaFormat.Webm,
        SizeBytes = 5_000_000_000,
        Deadline = Deadline,
    };

    /// <summary>One of each type, with values that a careless serializer would spoil.</summary>
    public static IReadOnlyList<IAnalysisMessage> OneOfEach(string id) =>
    [
        Submitted(Lane.Live, id),
        new FacesExtracted { AnalysisId = id, Tenant = "acme", Lane = Lane.Live, Shard = 3, PackKey = "k", Count = 64, Deadline = Deadline },
        new FramesExtracted
        {
            AnalysisId = id, Tenant = "acme", Lane = Lane.Live, ShardCount = 2, IndexKey = "i", FramePackKey = "f", MediaKey = "m", Format = MediaFormat.Tiff,
            Kind = MediaKind.Animation, Timings = new Dictionary<string, double> { ["decode CPU"] = 1e-7, ["Snake_Case"] = 12345.678901234567 }, Deadline = Deadline,
        },
        new InferenceCompleted
        {
            AnalysisId = id, Tenant = "acme", Lane = Lane.Live, Shard = 0,
            Models =
            [
                new ModelScores { Name = "a", Version = "1", Weight = 0.3, Provider = "cuda", Scores = [0f, 1f, 0.1f, 1e-9f, float.Epsilon, 0.99999994f] },
                new ModelScores { Name = "b", Version = "2", Weight = 0, Provider = "cpu", Scores = [], Error = "ünïcode \" quote" },
            ],
            Timings = new Dictionary<string, double>(),
        },
        new ForensicsCompleted
        {
            AnalysisId = id, Tenant = "acme", Lane = Lane.Live,
            Signals =
            [
                new Signal { Name = "s", Applicable = true, Reason = "r", Score = 0.25, Values = new Dictionary<string, double> { ["x"] = -0.0, ["y"] = double.MaxValue } },
                new Signal { Name = "n", Applicable = false, Reason = "no" },
            ],
        },
        new AnalysisProgressed { AnalysisId = id, Tenant = "acme", Lane = Lane.Live, Stage = Stage.Scoring, Fraction = 1.0 / 3 },
        new AnalysisFailed { AnalysisId = id, Tenant = "acme", Lane = Lane.Live, Code = "c", Detail = "d" },
        new AnalysisCompleted { AnalysisId = id, Tenant = "acme", Lane = Lane.Live, Status = AnalysisStatus.Cancelled, Verdict = Verdict.Inconclusive },
    ];
}
