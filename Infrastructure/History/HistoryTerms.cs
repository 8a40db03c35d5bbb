using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>What holds for the history in every database.</summary>
internal static class HistoryTerms
{
    /// <summary>Name of an enum value as public JSON writes it.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>The value of such a name; null for null.</summary>
    public static T? Value<T>(string? name)
        where T : struct, Enum => name is null ? null : Enum.GetValues<T>().First(value => Name(value) == name);

    /// <summary>A line under a reviewer's verdict, if there is one.</summary>
    public static AnalysisSummary Under(AnalysisSummary summary, Verdict? review) => review is { } verdict ? summary with { Verdict = verdict, Reviewed = true } : summary;

    /// <summary>A result under a review, if there is one.</summary>
    public static Analysis Under(Analysis analysis, Review? review) => review is null ? analysis : analysis with
    {
        Verdict = review.Verdict,
        MachineVerdict = analysis.MachineVerdict ?? analysis.Verdict,
        IsDeepfake = review.Verdict == Verdict.Inconclusive ? null : review.Verdict == Verdict.Manipulated,
        RiskLevel = review.Verdict switch
        {
            Verdict.Manipulated => RiskLevel.Critical,
            Verdict.Suspicious => RiskLevel.High,
            Verdict.Authentic => RiskLevel.Low,
            _ => analysis.RiskLevel,
        },
        Review = review,
    };

    /// <summary>What a search for text looks into.</summary>
    public static string SearchText(AnalysisSummary summary) => Fold($"{summary.FileName}\n{summary.Reference}");

    /// <summary>Text without regard to case; done here and not by a database, whose rules depend on its locale.</summary>
    public static string Fold(string text) => text.ToLowerInvariant();

    /// <summary>UTC in whole microseconds: what PostgreSQL keeps, so that a cursor means the same in every database.</summary>
    public static DateTimeOffset ToStored(DateTimeOffset time) => new(time.UtcTicks / 10 * 10, TimeSpan.Zero);

    public static int PageSize(HistoryQuery query) =>
        query.Limit is >= 1 and <= 200 ? query.Limit : throw new ArgumentOutOfRangeException(nameof(query), query.Limit, "A page holds 1–200 results.");

    /// <returns>Null for the first page.</returns>
    /// <exception cref="InvalidCursorException">Not one of ours.</exception>
    public static HistoryCursor? Cursor(HistoryQuery query) =>
        query.Cursor is { } text ? HistoryCursor.Parse(text) ?? throw new InvalidCursorException() : null;
}
