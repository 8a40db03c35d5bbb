using Deepfake.Contracts;

namespace Deepfake.IngestService.Compat;

/// <summary>
/// Says a completed analysis in the words of the earlier systems. They know two labels and a confidence; "we cannot know" becomes the
/// label without an accusation, at confidence 0.
/// </summary>
/// <param name="threshold">Probability from which a medium is called manipulated, as <c>PREDICTION_THRESHOLD</c> was; null for the verdict's own.</param>
internal sealed class OldShape(double? threshold)
{
    private const double UnknownScore = 50;

    /// <summary>For <c>/api/analyze</c>.</summary>
    public AnalyzeAnswer Analyze(Analysis analysis) => new()
    {
        IsDeepfake = IsFake(analysis),
        DeepfakeScore = analysis.DeepfakeScore ?? UnknownScore,
        Confidence = Confidence(analysis),
        RiskLevel = (analysis.RiskLevel ?? RiskLevel.Medium).ToString().ToUpperInvariant(),
        AnalysisId = analysis.Id,
        Verdict = Verdict(analysis),
        Reasons = analysis.Reasons,
    };

    /// <summary>For <c>/predict</c>.</summary>
    public PredictAnswer Predict(Analysis analysis)
    {
        var models = analysis.Models.Where(model => model.Score is not null).ToList();
        return new PredictAnswer
        {
            Prediction = IsFake(analysis) ? "Deepfake" : "Real",
            Confidence = Confidence(analysis),
            Explanation = Explain(analysis),
            Filename = analysis.FileName,
            Model = models.Count > 0 ? string.Join(" + ", models.Select(model => $"{model.Name} {model.Version}")) : "none",
            Device = models.Count > 0 ? string.Join(" + ", models.Select(model => model.Provider).Distinct()) : "none",
            GradCamAvailable = analysis.Faces.Any(face => face.HeatMap is not null),
            AnalysisId = analysis.Id,
            Verdict = Verdict(analysis),
            Reasons = analysis.Reasons,
        };
    }

    /// <summary>For <c>/predict/image</c> and <c>/predict/video</c>.</summary>
    public FileAnswer File(Analysis analysis) => new()
    {
        FileType = analysis.Media.Kind is null or MediaKind.Image ? "image" : "video",
        FramesProcessed = Frames(analysis),
        Confidence = Confidence(analysis) / 100,
        Label = IsFake(analysis) ? "FAKE" : "REAL",
        AnalysisId = analysis.Id,
        Verdict = Verdict(analysis),
        Reasons = analysis.Reasons,
    };

    /// <summary>For <c>/upload</c>.</summary>
    public UploadAnswer Upload(Analysis analysis) => new()
    {
        Prediction = IsFake(analysis) ? "Deepfake" : "Real",
        Confidence = Confidence(analysis) / 100,
        FacesDetected = analysis.Faces.Count,
        ProcessingTime = analysis.Timings.TryGetValue("total", out var seconds) ? seconds : Math.Round(((analysis.CompletedAt ?? analysis.CreatedAt) - analysis.CreatedAt).TotalSeconds, 3),
        FrameAnalysis = new FrameAnalysis(Frames(analysis), analysis.Frames.Count(frame => frame.Score * 100 >= analysis.Thresholds?.Suspicious)),
        AnalysisId = analysis.Id,
        Verdict = Verdict(analysis),
        Reasons = analysis.Reasons,
    };

    private static Verdict Verdict(Analysis analysis) => analysis.Verdict ?? Contracts.Verdict.Inconclusive;

    private static int Frames(Analysis analysis) => analysis.Frames.Count;

    private bool IsFake(Analysis analysis) => Verdict(analysis) != Contracts.Verdict.Inconclusive
        // A reviewer's word stands above every threshold.
        && (threshold is { } from && analysis.Review is null && analysis.Probability is { } probability ? probability >= from : analysis.IsDeepfake == true);

    private static double Confidence(Analysis analysis) => Verdict(analysis) == Contracts.Verdict.Inconclusive ? 0 : analysis.Confidence ?? 0;

    private static string Explain(Analysis analysis)
    {
        var verdict = Verdict(analysis) switch
        {
            Contracts.Verdict.Manipulated => "Manipulated.",
            Contracts.Verdict.Suspicious => "Suspicious, worth a person's look.",
            Contracts.Verdict.Authentic => "No evidence of manipulation above the threshold.",
            _ => $"Inconclusive: {(analysis.Reasons.Count > 0 ? string.Join(", ", analysis.Reasons) : "nothing could be scored")}.",
        };
        return string.Join(' ', analysis.Findings.Where(finding => finding.Kind != FindingKind.Observation).Select(finding => finding.Text).Prepend(verdict));
    }
}
