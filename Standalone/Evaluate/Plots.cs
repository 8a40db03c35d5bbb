using System.Globalization;
using System.Text;
using Deepfake.Standalone.Evaluate.Metrics;

namespace Deepfake.Standalone.Evaluate;

/// <summary>The two pictures of an evaluation, as SVG.</summary>
internal static class Plots
{
    private const int Side = 360;
    private const int Left = 56;
    private const int Top = 28;

    /// <summary>Detections over false alarms.</summary>
    public static string Roc(IReadOnlyList<(double FalseRate, double TrueRate)> points, Figure? auc)
    {
        var title = auc is null ? "ROC of media" : $"ROC of media, AUC {auc.Value.ToString("0.000", CultureInfo.InvariantCulture)}";
        var path = string.Join(' ', points.Select((point, i) => FormattableString.Invariant($"{(i == 0 ? 'M' : 'L')}{X(point.FalseRate):0.0},{Y(point.TrueRate):0.0}")));
        return Chart(title, "false alarms", "detections", $"<path d=\"{path}\" fill=\"none\" stroke=\"#1f5fbf\" stroke-width=\"2\"/>");
    }

    /// <summary>Share of fakes over the probability that was said; a dot's area grows with how many it stands for.</summary>
    public static string Calibration(Reliability reliability)
    {
        var most = reliability.Bins.Max(bin => bin.Count);
        var marks = new StringBuilder();
        foreach (var bin in reliability.Bins)
        {
            marks.Append(CultureInfo.InvariantCulture, $"<circle cx=\"{X(bin.MeanProbability):0.0}\" cy=\"{Y(bin.ShareFake):0.0}\" r=\"{3 + 9 * Math.Sqrt(bin.Count / (double)most):0.0}\" fill=\"#1f5fbf\" fill-opacity=\"0.6\"><title>{bin.Count} media</title></circle>");
        }

        return Chart(FormattableString.Invariant($"Reliability, ECE {reliability.Ece:0.000}, Brier {reliability.Brier:0.000}"), "probability said", "share of fakes", marks.ToString());
    }

    private static string Chart(string title, string below, string beside, string marks)
    {
        var text = new StringBuilder();
        text.Append(CultureInfo.InvariantCulture, $"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{Side + Left + 20}\" height=\"{Side + Top + 52}\" font-family=\"sans-serif\" font-size=\"12\">");
        text.Append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{Left}\" y=\"18\" font-weight=\"bold\">{title}</text>");
        for (var tick = 0; tick <= 5; tick++)
        {
            var at = tick / 5.0;
            text.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(at)},{Y(0)}V{Y(1)}M{X(0)},{Y(at)}H{X(1)}\" stroke=\"#ddd\"/>");
            text.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(at)}\" y=\"{Y(0) + 16}\" text-anchor=\"middle\">{at:0.0}</text><text x=\"{Left - 6}\" y=\"{Y(at) + 4}\" text-anchor=\"end\">{at:0.0}</text>");
        }

        text.Append(CultureInfo.InvariantCulture, $"<path d=\"M{X(0)},{Y(0)}L{X(1)},{Y(1)}\" stroke=\"#999\" stroke-dasharray=\"4 4\"/>");
        text.Append(CultureInfo.InvariantCulture, $"<text x=\"{X(0.5)}\" y=\"{Y(0) + 36}\" text-anchor=\"middle\">{below}</text>");
        text.Append(CultureInfo.InvariantCulture, $"<text transform=\"translate(16,{Y(0.5)}) rotate(-90)\" text-anchor=\"middle\">{beside}</text>");
        return text.Append(marks).Append("</svg>\n").ToString();
    }

    private static double X(double share) => Left + Side * share;

    private static double Y(double share) => Top + Side * (1 - share);
}
