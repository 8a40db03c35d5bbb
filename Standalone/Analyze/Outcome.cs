using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Standalone.Embedded;

namespace Deepfake.Standalone.Analyze;

/// <summary>What became of one file of the command line, ready to print.</summary>
/// <param name="Succeeded">Whether there is a verdict.</param>
/// <param name="Json">One line of JSON: the analysis record, or an object of the same shape that says why there is none.</param>
/// <param name="Text">One line for a person.</param>
internal sealed record Outcome(bool Succeeded, string Json, string Text)
{
    public static Outcome Rejected(string file, AnalysisError error) => new(
        false,
        JsonSerializer.Serialize(new { FileName = Path.GetFileName(file), Status = AnalysisStatus.Failed, Error = error }, DeepfakeJson.Options),
        PlainText.Of($"{file}: error {error.Code}: {error.Detail}"));

    public static Outcome Finished(string file, Analysis analysis) => new(
        analysis.Status == AnalysisStatus.Completed,
        JsonSerializer.Serialize(analysis, DeepfakeJson.Options),
        PlainText.Of($"{file}: " + analysis switch
        {
            { Error: { } error } => $"error {error.Code}: {error.Detail}",
            { Verdict: Verdict.Inconclusive, DeepfakeScore: { } score, ScoreMeaning: { } meaning } when analysis.Reasons.Contains(ReasonCodes.UndecidedFaceScore) =>
                $"inconclusive ({string.Join(", ", analysis.Reasons)})  score {score:0}, which {100 * meaning.AuthenticShare:0} % of authentic media reach and {100 * meaning.ManipulatedShare:0} % of fakes",
            { Verdict: Verdict.Inconclusive } => $"inconclusive ({string.Join(", ", analysis.Reasons)})",
            { Verdict: { } verdict } => $"{verdict.ToString().ToLowerInvariant()}  score {analysis.DeepfakeScore:0}  confidence {analysis.Confidence:0}  "
                + $"risk {analysis.RiskLevel.ToString()!.ToUpperInvariant()}  {Count(analysis.Faces.Count, "face")} in {Count(analysis.Frames.Count, "frame")}",
            _ => analysis.Status.ToString().ToLowerInvariant(),
        }));

    private static string Count(int count, string noun) => count == 1 ? $"1 {noun}" : $"{count} {noun}s";
}
