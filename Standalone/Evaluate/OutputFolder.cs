using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>Where an evaluation is written down.</summary>
internal static class OutputFolder
{
    private static readonly JsonSerializerOptions Json = new(DeepfakeJson.Options) { WriteIndented = true };

    /// <summary>Makes the folder and writes to it once: hours of scoring must not end in a folder that takes nothing.</summary>
    /// <exception cref="EvaluationRefusedException">It cannot be written.</exception>
    public static void Prepare(string folder)
    {
        try
        {
            Directory.CreateDirectory(folder);
            using var probe = new FileStream(Path.Combine(folder, ".probe"), FileMode.Create, FileAccess.Write, FileShare.None, bufferSize: 1, FileOptions.DeleteOnClose);
            probe.WriteByte(0);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or ArgumentException)
        {
            throw new EvaluationRefusedException($"--out '{folder}' cannot be written: {e.Message}");
        }
    }

    /// <summary>Writes everything; what an earlier run left and this one has not goes.</summary>
    /// <exception cref="IOException">It cannot be written after all.</exception>
    /// <exception cref="UnauthorizedAccessException">The same.</exception>
    public static void Write(string folder, EvaluationReport report, IReadOnlyList<ScoredFile> scored, IReadOnlyList<Condition> conditions, string text)
    {
        File.WriteAllText(Path.Combine(folder, "evaluation.json"), JsonSerializer.Serialize(report, Json) + "\n");
        File.WriteAllText(Path.Combine(folder, "evaluation.md"), text);
        File.WriteAllText(Path.Combine(folder, "evaluation.csv"), ReportText.Csv(scored, conditions));
        File.WriteAllText(Path.Combine(folder, "roc.svg"), Plots.Roc(EvaluationReport.Curve(scored), report.Rankings[0].Auc));
        var picture = Path.Combine(folder, "reliability.svg");
        if (report.Reliability is { } reliability) File.WriteAllText(picture, Plots.Calibration(reliability));
        else File.Delete(picture);
    }
}
