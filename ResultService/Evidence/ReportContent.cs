using System.Globalization;
using System.Text;
using Deepfake.Contracts;

namespace Deepfake.ResultService.Evidence;

/// <summary>What a report shows.</summary>
/// <param name="Analysis">The final record.</param>
/// <param name="Faces">Pictures of the faces.</param>
/// <param name="ServiceVersion">Version of the product.</param>
/// <param name="MadeAt">When the report was made (UTC).</param>
public sealed record ReportContent(Analysis Analysis, IReadOnlyList<ReportFace> Faces, string ServiceVersion, DateTimeOffset MadeAt)
{
    /// <summary>What no answer of this service can know. For people who act on it.</summary>
    public static IReadOnlyList<string> Limits { get; } =
    [
        "The answer is about faces. Voices, text, backgrounds and what is said are not looked at.",
        "“No sign found” is not proof that a medium is genuine: methods of manipulation that the models have not learnt can go unseen.",
        "“Likely manipulated” is not proof of a lie: filters, heavy compression and unusual cameras can look like manipulation. Let a person look at the evidence and at the source before you act.",
        "Scores are calibrated on the material named in the models' cards; on other material the rates of error can differ.",
    ];
}

/// <summary>Pictures of one face.</summary>
/// <param name="Track">The face.</param>
/// <param name="Picture">PNG; null when it is gone.</param>
/// <param name="HeatMap">The same with the heat map; null without.</param>
/// <param name="Frame">The whole frame around it; only of the face with the highest score.</param>
public sealed record ReportFace(FaceTrack Track, byte[]? Picture, byte[]? HeatMap, byte[]? Frame);

/// <summary>Words and shapes of the report.</summary>
public static class ReportText
{
    /// <summary>A verdict as the page puts it.</summary>
    public static (string Title, string Summary) Verdict(Verdict verdict, MediaKind? kind) => verdict switch
    {
        Contracts.Verdict.Authentic => (
            "No sign of manipulation found",
            $"The {Noun(kind)} as a whole scored below the thresholds. That is not proof that it is genuine."),
        Contracts.Verdict.Suspicious => ("Possibly manipulated", "The score is higher than usual, but not high enough for a clear answer. Let a person look at the evidence."),
        Contracts.Verdict.Manipulated => ("Likely manipulated", "The score is above the threshold for manipulation. False alarms happen: check the evidence and the source before you act."),
        _ => ("No answer possible", $"There is not enough to judge this {Noun(kind)} by. That speaks neither for nor against it."),
    };

    /// <summary>A share as a score of 100, one decimal at most.</summary>
    public static string Score(double? share) => share is { } value ? (100 * value).ToString("0.#", CultureInfo.InvariantCulture) : "–";

    /// <summary>A number with up to the given decimals.</summary>
    public static string Number(double value, int decimals = 2) => value.ToString("0." + new string('#', decimals), CultureInfo.InvariantCulture);

    /// <summary>A place in time; empty for everywhere.</summary>
    public static string Place(double? start, double? end) => (start, end) switch
    {
        ({ } from, { } to) when to - from >= 0.05 => string.Create(CultureInfo.InvariantCulture, $"{from:0.0}–{to:0.0} s"),
        ({ } from, _) => string.Create(CultureInfo.InvariantCulture, $"{from:0.0} s"),
        _ => "",
    };

    /// <summary>How well a signal separates; a dash where that was not measured.</summary>
    public static string Auc(MeasuredAuc? auc) => auc is null ? "–" : string.Create(CultureInfo.InvariantCulture, $"{auc.Value:0.00} ({auc.Low:0.00}–{auc.High:0.00})");

    /// <summary>Where a signal stands out; empty for nowhere in particular.</summary>
    public static string Places(Signal signal)
    {
        var places = signal.Places.Select(place => string.Join(", ", new[] { place.TrackId is { } face ? $"face {face}" : "", Place(place.StartSeconds, place.EndSeconds) }.Where(part => part.Length > 0)))
            .Where(place => place.Length > 0).Distinct().ToList();
        return places.Count > 0 ? $"({string.Join("; ", places)})" : "";
    }

    /// <summary>A size in words.</summary>
    public static string Size(long bytes) => bytes switch
    {
        < 1024 => $"{bytes} bytes",
        < 1024 * 1024 => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0:0.#} KiB"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1048576.0:0.#} MiB"),
    };

    /// <summary>A code as words.</summary>
    public static string Words(string code) => code.Replace('_', ' ');

    /// <summary>A picture to put into the page itself.</summary>
    public static string DataUri(byte[] png) => "data:image/png;base64," + Convert.ToBase64String(png);

    /// <summary>The scores of one face over time as the points of an SVG polyline.</summary>
    /// <param name="analysis">The record.</param>
    /// <param name="trackId">The face.</param>
    /// <param name="width">Width of the drawing; time 0 to the duration.</param>
    /// <param name="height">Height; score 1 at the top.</param>
    public static string Curve(Analysis analysis, int trackId, double width, double height)
    {
        var end = Length(analysis);
        var points = new StringBuilder();
        foreach (var frame in analysis.Frames)
        {
            if (frame.Faces.FirstOrDefault(face => face.TrackId == trackId)?.Score is not { } score) continue;
            points.Append(CultureInfo.InvariantCulture, $"{frame.Seconds / end * width:0.#},{(1 - score) * height:0.#} ");
        }

        return points.ToString().TrimEnd();
    }

    /// <summary>Seconds that the time line covers, &gt; 0.</summary>
    public static double Length(Analysis analysis) => Math.Max(Math.Max(analysis.Media.DurationSeconds ?? 0, analysis.Frames.Count > 0 ? analysis.Frames[^1].Seconds : 0), 0.001);

    private static string Noun(MediaKind? kind) => kind?.ToString().ToLowerInvariant() ?? "medium";
}
