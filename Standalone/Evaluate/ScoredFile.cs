using Deepfake.Contracts;

namespace Deepfake.Standalone.Evaluate;

/// <summary>What the service said of one file.</summary>
/// <param name="File">The file.</param>
/// <param name="Verdict">Null when the analysis failed.</param>
/// <param name="Reasons">Codes.</param>
/// <param name="Probability">Of the medium; null when nothing was scored.</param>
/// <param name="Faces">One score a face track.</param>
/// <param name="Frames">One score a frame.</param>
/// <param name="FaceSize">Largest face in source pixels; null without one. A trivial baseline.</param>
/// <param name="Models">Score of each model, by name.</param>
/// <param name="Error">Code and detail when the analysis failed.</param>
internal sealed record ScoredFile(
    EvaluationFile File, Verdict? Verdict, IReadOnlyList<string> Reasons, double? Probability, IReadOnlyList<double> Faces, IReadOnlyList<double> Frames,
    double? FaceSize, IReadOnlyDictionary<string, double> Models, string? Error)
{
    /// <summary>Takes what the figures need from a record.</summary>
    public static ScoredFile From(EvaluationFile file, Analysis? analysis, AnalysisError? error)
    {
        error ??= analysis!.Error;
        if (analysis is null || error is not null) return new(file, null, [], null, [], [], null, new Dictionary<string, double>(), $"{error!.Code}: {error.Detail}");
        return new(
            file,
            analysis.Verdict,
            analysis.Reasons,
            analysis.Probability,
            [.. analysis.Faces.Where(face => face.Score is not null).Select(face => face.Score!.Value)],
            [.. analysis.Frames.Where(frame => frame.Score is not null).Select(frame => frame.Score!.Value)],
            analysis.Faces.Count == 0 ? null : analysis.Faces.Max(face => face.SizePixels),
            analysis.Models.Where(model => model.Score is not null).ToDictionary(model => model.Name, model => model.Score!.Value, StringComparer.Ordinal),
            null);
    }
}
