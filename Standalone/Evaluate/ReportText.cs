using System.Globalization;
using System.Text;

namespace Deepfake.Standalone.Evaluate;

/// <summary>A report as a person reads it, and as rows of CSV.</summary>
internal static class ReportText
{
    /// <summary>Tables in Markdown, readable as they are.</summary>
    public static string Markdown(EvaluationReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{report.Files} files, {report.Failed} failed, {report.Unscored} without a score, {Percent(report.AbstentionRate)} inconclusive. Intervals: 95 %, resampled by group.");
        Line(text, $"");
        Line(text, $"| ranked | real / fake | AUC | average precision | EER | TPR at 1 % FPR | TPR at 5 % FPR |");
        Line(text, $"|---|---|---|---|---|---|---|");
        foreach (var row in report.Rankings)
            Line(text, $"| {row.Name} | {row.Real} / {row.Fake} | {Show(row.Auc)} | {Show(row.AveragePrecision)} | {Show(row.EqualErrorRate)} | {Show(row.TprAtFpr1)} | {Show(row.TprAtFpr5)} |");
        Line(text, $"");
        Line(text, $"| folder | files | failed | authentic | suspicious | manipulated | inconclusive | AUC against the other class |");
        Line(text, $"|---|---|---|---|---|---|---|---|");
        foreach (var row in report.Folders)
            Line(text, $"| {row.Folder} | {row.Files} | {row.Failed} | {Percent(row.Authentic)} | {Percent(row.Suspicious)} | {Percent(row.Manipulated)} | {Percent(row.Inconclusive)} | {Show(row.Auc)} |");
        if (report.Reliability is { } reliability)
        {
            Line(text, $"");
            Line(text, $"Expected calibration error {Number(reliability.Ece)}, Brier score {Number(reliability.Brier)} (of media with a score, at this set's share of fakes).");
        }

        foreach (var (path, error) in report.Failures) Line(text, $"failed: {path}: {error}");
        return text.ToString();
    }

    /// <summary>One row a file.</summary>
    public static string Csv(IReadOnlyList<ScoredFile> scored)
    {
        var models = scored.SelectMany(file => file.Models.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        var text = new StringBuilder();
        Row(text, ["path", "label", "group", "verdict", "reasons", "probability", "faces", "frames", "face_size", .. models, "error"]);
        foreach (var file in scored)
        {
            Row(text,
            [
                file.File.Path, file.File.Fake ? "fake" : "real", file.File.Group, file.Verdict?.ToString().ToLowerInvariant() ?? "", string.Join(' ', file.Reasons),
                Exact(file.Probability), Exact(file.Faces.Count), Exact(file.Frames.Count), Exact(file.FaceSize),
                .. models.Select(model => file.Models.TryGetValue(model, out var score) ? Exact(score) : ""), file.Error ?? "",
            ]);
        }

        return text.ToString();
    }

    private static string Show(Figure? figure) => figure switch
    {
        null => "–",
        { Low: { } low, High: { } high } => $"{Number(figure.Value)} [{Number(low)}, {Number(high)}]",
        _ => Number(figure.Value),
    };

    private static string Number(double value) => value.ToString("0.000", CultureInfo.InvariantCulture);

    private static string Percent(double share) => (100 * share).ToString("0.0", CultureInfo.InvariantCulture) + " %";

    private static string Exact(double? value) => value?.ToString("R", CultureInfo.InvariantCulture) ?? "";

    private static void Line(StringBuilder text, FormattableString line) => text.Append(FormattableString.Invariant(line)).Append('\n');

    private static void Row(StringBuilder text, IEnumerable<string> cells) => text.AppendJoin(',', cells.Select(Cell)).Append('\n');

    // A name that a spreadsheet would run as a formula is written as text.
    private static string Cell(string value)
    {
        if (value.Length > 0 && value[0] is '=' or '+' or '@' or '\t' || (value.StartsWith('-') && !double.TryParse(value, CultureInfo.InvariantCulture, out _))) value = "'" + value;
        return value.AsSpan().ContainsAny(",\"\r\n") ? $"\"{value.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : value;
    }
}
