using System.Globalization;
using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>Which analyses to list. What is null does not count.</summary>
public sealed record AnalysisQuery
{
    /// <summary>A verdict, as shown.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>A status.</summary>
    public AnalysisStatus? Status { get; init; }

    /// <summary>Kind of medium.</summary>
    public MediaKind? Kind { get; init; }

    /// <summary>Hash of the medium, 64 lower-case hex digits.</summary>
    public string? Sha256 { get; init; }

    /// <summary>The reference it was submitted with.</summary>
    public string? Reference { get; init; }

    /// <summary>Text in its file name or reference.</summary>
    public string? Text { get; init; }

    /// <summary>Lowest score, 0–100.</summary>
    public double? MinScore { get; init; }

    /// <summary>Highest score, 0–100.</summary>
    public double? MaxScore { get; init; }

    /// <summary>Accepted at this time or later.</summary>
    public DateTimeOffset? From { get; init; }

    /// <summary>Accepted before this time.</summary>
    public DateTimeOffset? To { get; init; }

    internal string Query(int limit, string? cursor)
    {
        (string Name, string? Value)[] terms =
        [
            ("limit", limit.ToString(CultureInfo.InvariantCulture)), ("cursor", cursor), ("verdict", Verdict?.ToString().ToLowerInvariant()), ("status", Status?.ToString().ToLowerInvariant()),
            ("kind", Kind?.ToString().ToLowerInvariant()), ("sha256", Sha256), ("reference", Reference), ("q", Text),
            ("min_score", MinScore?.ToString(CultureInfo.InvariantCulture)), ("max_score", MaxScore?.ToString(CultureInfo.InvariantCulture)),
            ("from", From?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)), ("to", To?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture)),
        ];
        return "?" + string.Join('&', terms.Where(term => term.Value is not null).Select(term => $"{term.Name}={Uri.EscapeDataString(term.Value!)}"));
    }
}
