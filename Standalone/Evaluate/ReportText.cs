using System.Globalization;
using System.Text;
using Deepfake.Standalone.Embedded;
using Deepfake.Standalone.Evaluate.Metrics;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>A report as a person reads it, and as rows of CSV.</summary>
internal static class ReportText
{
    /// <summary>Tables in Markdown, readable as they are.</summary>
    public static string Markdown(EvaluationReport report)
    {
        var text = new StringBuilder();
        Line(text, $"{report.Files} files, {report.Failed} failed, {report.Unscored} without a score, {Percent(report.AbstentionRate)} inconclusive.");
        Line(text, $"{Intervals(report.Run)}");
        foreach (var note in report.Notes) Line(text, $"{Plain(note)}");
        Line(text, $"");
        Line(text, $"| ranked | real / fake | AUC | average precision | EER | TPR at 1 % FPR | TPR at 5 % FPR |");
        Line(text, $"|---|---|---|---|---|---|---|");
        foreach (var row in report.Rankings)
            Line(text, $"| {Plain(row.Name)} | {row.Real} / {row.Fake} | {Show(row.Auc)} | {Show(row.AveragePrecision)} | {Show(row.EqualErrorRate)} | {Show(row.TprAtFpr1)} | {Show(row.TprAtFpr5)} |");
        Line(text, $"");
        Line(text, $"Baselines are of the largest face, each turned the way that suits it on this very set: a detector has to beat them.");
        if (report.SharpnessThirds.Count > 0)
        {
            Line(text, $"");
            Line(text, $"| media by sharpness | real / fake | AUC |");
            Line(text, $"|---|---|---|");
            foreach (var third in report.SharpnessThirds) Line(text, $"| {third.From:0} to {third.To:0} | {third.Ranking.Real} / {third.Ranking.Fake} | {Show(third.Ranking.Auc)} |");
        }

        if (report.Conditions.Count > 0) Robustness(text, report);
        if (report.Protocol.Count > 0) Protocol(text, report);
        Line(text, $"");
        Line(text, $"| folder | files | failed | authentic | suspicious | manipulated | inconclusive | AUC against the other class |");
        Line(text, $"|---|---|---|---|---|---|---|---|");
        foreach (var row in report.Folders)
            Line(text, $"| {Plain(row.Folder)} | {row.Files} | {row.Failed} | {Percent(row.Authentic)} | {Percent(row.Suspicious)} | {Percent(row.Manipulated)} | {Percent(row.Inconclusive)} | {Show(row.Auc)} |");
        if (report.Reliability is { } reliability)
        {
            Line(text, $"");
            Line(text, $"Expected calibration error {Number(reliability.Ece)}, Brier score {Number(reliability.Brier)} (of media with a score, at this set's share of fakes).");
        }

        Line(text, $"");
        Line(text, $"Deepfake.Aspire {report.Run.ServiceVersion}, fusion {report.Run.FusionVersion ?? "none"}, {string.Join(", ", report.Run.Models.Select(model => $"{Plain(model.Name)} {Plain(model.Version)}"))}; {report.Run.CreatedAt:yyyy-MM-dd HH:mm} UTC.");
        foreach (var (path, error) in report.Unread) Line(text, $"not read: {Plain(path)}: {Plain(error)}");
        foreach (var (path, error) in report.Failures) Line(text, $"failed: {Plain(path)}: {Plain(error)}");
        return text.ToString();
    }

    private static void Robustness(StringBuilder text, EvaluationReport report)
    {
        Line(text, $"");
        Line(text, $"| media, degraded | real / fake | failed | score lost | AUC as they are | AUC | loss in points |");
        Line(text, $"|---|---|---|---|---|---|---|");
        Line(text, $"| clean, all | {report.Rankings[0].Real} / {report.Rankings[0].Fake} | – | – | {Show(report.Rankings[0].Auc)} | – | – |");
        foreach (var row in report.Conditions)
            Line(text, $"| {row.Name} | {row.Real} / {row.Fake} | {row.Failed} | {row.Unscored} | {Show(row.Clean)} | {Show(row.Auc)} | {Show(row.Loss, "+0.0;-0.0;0.0")} |");
        Line(text, $"");
        Line(text, $"Degraded: jpegQ re-encodes images, crfN transcodes videos with libx264, half and quarter scale both (images without loss, videos at crf 18); animations are left out. A row is over the media that have a score both ways.");
    }

    private static void Protocol(StringBuilder text, EvaluationReport report)
    {
        var degraded = report.Protocol[0].Degraded;
        Line(text, $"");
        Line(text, $"| kind of fakes | against | real / fake | AUC | best model | fusion − best model | authentic | undecided | manipulated | reals manipulated |{string.Concat(degraded.Select(one => $" {one.Condition} |"))}");
        Line(text, $"|---|---|---|---|---|---|---|---|---|---|{string.Concat(degraded.Select(_ => "---|"))}");
        foreach (var row in report.Protocol)
        {
            var best = row is { BestModel: { } model, BestAuc: { } auc } ? $"{Plain(model)} {Number(auc)}" : "–";
            Line(text, $"| {Named(row.Kind)} | {(row.Against is { } own ? Named(own) : "all reals")} | {row.Real} / {row.Fake} | {Show(row.Auc)} | {best} | {Show(row.Gain, "+0.000;-0.000;0.000")} | {Percent(row.Authentic)} | {Percent(row.Undecided)} | {Percent(row.Manipulated)} | {Percent(row.FalseAlarms)} |{string.Concat(row.Degraded.Select(one => $" {Show(one.Auc)} |"))}");
        }

        Line(text, $"");
        Line(text, $"Each kind of fakes against authentic media of its own kind; undecided: suspicious or inconclusive. A best model that is picked on these very media flatters itself a little.");

        static string Named(string kind) => kind.Length > 0 ? Plain(kind) : "(no folder)";
    }

    private static string Intervals(EvaluationRun run)
    {
        if (run.Rounds == 0) return "No intervals: 0 rounds of resampling.";
        var unit = run.ClusterBy is not null ? "cluster" : run.GroupBy is not null ? "group" : "file";
        return $"Intervals: 95 %, resampled by {unit}; none where a class has fewer than {Bootstrap.LeastClusters} {unit}s.";
    }

    /// <summary>One row a file.</summary>
    public static string Csv(IReadOnlyList<ScoredFile> scored, IReadOnlyList<Condition> conditions)
    {
        var degraded = conditions.Select(condition => condition.Scored.ToDictionary(file => file.File.Path, file => file.Probability, StringComparer.Ordinal)).ToList();
        var models = scored.SelectMany(file => file.Models.Keys).Distinct().OrderBy(model => model.Name, StringComparer.Ordinal).ThenBy(model => model.Version, StringComparer.Ordinal).ToList();
        var text = new StringBuilder();
        var signals = scored.SelectMany(file => file.Signals.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToList();
        Row(text,
        [
            "path", "label", "group", "cluster", "verdict", "reasons", "probability", "faces", "frames", "face_size", "sharpness", "brightness",
            .. models.Select(model => models.Count(other => other.Name == model.Name) == 1 ? model.Name : $"{model.Name} {model.Version}"), .. conditions.Select(condition => condition.Name), .. signals, "error",
        ]);
        foreach (var file in scored)
        {
            Row(text,
            [
                file.File.Path, file.File.Fake ? "fake" : "real", file.File.Group, file.File.Cluster, file.Verdict?.ToString().ToLowerInvariant() ?? "", string.Join(' ', file.Reasons),
                Exact(file.Probability), Exact(file.Faces.Count), Exact(file.Frames.Count), Exact(file.Face?.Size), Exact(file.Face?.Sharpness), Exact(file.Face?.Brightness),
                .. models.Select(model => file.Models.TryGetValue(model, out var score) ? Exact(score) : ""), .. degraded.Select(of => Exact(of.GetValueOrDefault(file.File.Path))),
                .. signals.Select(signal => file.Signals.TryGetValue(signal, out var value) ? Exact(value) : ""), file.Error ?? "",
            ]);
        }

        return text.ToString();
    }

    private static string Show(Figure? figure, string format = "0.000") => figure switch
    {
        null => "–",
        { Low: { } low, High: { } high } => $"{Number(figure.Value, format)} [{Number(low, format)}, {Number(high, format)}]",
        _ => Number(figure.Value, format),
    };

    // Names come from a data set: one line, and no cell of its own.
    private static string Plain(string text) => PlainText.Of(text).Replace("|", "\\|", StringComparison.Ordinal);

    private static string Number(double value, string format = "0.000") => value.ToString(format, CultureInfo.InvariantCulture);

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
