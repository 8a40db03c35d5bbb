using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>What both history stores have in common.</summary>
internal static class HistoryTerms
{
    /// <summary>Name of an enum value as public JSON writes it.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    public static AnalysisSummary Summarise(Analysis analysis) => new()
    {
        Id = analysis.Id,
        Status = analysis.Status,
        FileName = analysis.FileName,
        Kind = analysis.Media.Kind,
        Sha256 = analysis.Media.Sha256,
        Verdict = analysis.Verdict,
        DeepfakeScore = analysis.DeepfakeScore,
        ErrorCode = analysis.Error?.Code,
        CreatedAt = ToStored(analysis.CreatedAt),
        CompletedAt = analysis.CompletedAt is { } completed ? ToStored(completed) : null,
    };

    /// <summary>UTC in whole microseconds: what PostgreSQL keeps, so that a cursor means the same in both stores.</summary>
    public static DateTimeOffset ToStored(DateTimeOffset time) => new(time.UtcTicks / 10 * 10, TimeSpan.Zero);

    public static int PageSize(HistoryQuery query) =>
        query.Limit is >= 1 and <= 200 ? query.Limit : throw new ArgumentOutOfRangeException(nameof(query), query.Limit, "A page holds 1–200 results.");

    /// <returns>Null for the first page.</returns>
    /// <exception cref="InvalidCursorException">Not one of ours.</exception>
    public static HistoryCursor? Cursor(HistoryQuery query) =>
        query.Cursor is { } text ? HistoryCursor.Parse(text) ?? throw new InvalidCursorException() : null;
}
