using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;

namespace Deepfake.ResultService.Api;

/// <summary>Reads the query of the list. By hand, so that a wrong value is answered with a sentence and a code.</summary>
internal static class ListQuery
{
    private const int MaxCursor = 512;

    public static bool TryRead(
        string? cursor, string? limit, string? verdict, string? status, [NotNullWhen(true)] out HistoryQuery? query, [NotNullWhen(false)] out string? complaint)
    {
        query = null;
        complaint = null;
        var entries = 50;
        Verdict? onlyVerdict = null;
        AnalysisStatus? onlyStatus = null;
        if (!string.IsNullOrEmpty(limit) && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out entries) || entries is < 1 or > 200))
            complaint = "'limit' must be a number from 1 to 200.";
        else if (!string.IsNullOrEmpty(verdict) && !TryRead(verdict, out onlyVerdict))
            complaint = "'verdict' must be one of: " + string.Join(", ", Names<Verdict>()) + ".";
        else if (!string.IsNullOrEmpty(status) && !TryRead(status, out onlyStatus))
            complaint = "'status' must be one of: " + string.Join(", ", Names<AnalysisStatus>()) + ".";
        else if (cursor?.Length > MaxCursor)
            complaint = "The cursor is not one that this service gave out.";
        if (complaint is not null) return false;
        query = new HistoryQuery { Cursor = string.IsNullOrEmpty(cursor) ? null : cursor, Limit = entries, Verdict = onlyVerdict, Status = onlyStatus };
        return true;
    }

    private static bool TryRead<T>(string text, out T? value)
        where T : struct, Enum
    {
        // Enum.TryParse would take numbers and other cases as well.
        value = Array.IndexOf([.. Names<T>()], text) is >= 0 and var at ? Enum.GetValues<T>()[at] : null;
        return value is not null;
    }

    private static IEnumerable<string> Names<T>()
        where T : struct, Enum => Enum.GetNames<T>().Select(name => name.ToLowerInvariant());
}
