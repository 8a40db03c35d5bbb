using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Microsoft.AspNetCore.Mvc;

namespace Deepfake.ResultService.Listing;

/// <summary>Which analyses a client wants to see, as it wrote it. All text, so that a wrong value is answered with a sentence and a code.</summary>
internal sealed record ListQuery
{
    private const int MaxCursor = 512;
    private const int MaxText = 500;

    /// <summary><c>next_cursor</c> of the page before.</summary>
    [FromQuery(Name = "cursor")]
    public string? Cursor { get; init; }

    /// <summary>Entries a page, 1–200; 50 if left out.</summary>
    [FromQuery(Name = "limit")]
    public string? Limit { get; init; }

    /// <summary>A verdict, as shown.</summary>
    [FromQuery(Name = "verdict")]
    public string? Verdict { get; init; }

    /// <summary>A status.</summary>
    [FromQuery(Name = "status")]
    public string? Status { get; init; }

    /// <summary>Kind of medium; an analysis whose medium was not probed yet has none.</summary>
    [FromQuery(Name = "kind")]
    public string? Kind { get; init; }

    /// <summary>Hash of the medium, 64 hex digits.</summary>
    [FromQuery(Name = "sha256")]
    public string? Sha256 { get; init; }

    /// <summary>The reference it was submitted with.</summary>
    [FromQuery(Name = "reference")]
    public string? Reference { get; init; }

    /// <summary>Text in its file name or reference, in any case.</summary>
    [FromQuery(Name = "q")]
    public string? Text { get; init; }

    /// <summary>Lowest score, 0–100.</summary>
    [FromQuery(Name = "min_score")]
    public string? MinScore { get; init; }

    /// <summary>Highest score, 0–100.</summary>
    [FromQuery(Name = "max_score")]
    public string? MaxScore { get; init; }

    /// <summary>Accepted at this time or later; ISO 8601, UTC if it names no offset.</summary>
    [FromQuery(Name = "from")]
    public string? From { get; init; }

    /// <summary>Accepted before this time.</summary>
    [FromQuery(Name = "to")]
    public string? To { get; init; }

    /// <summary>Reads it.</summary>
    /// <param name="query">What to list.</param>
    /// <param name="complaint">Else one sentence about the first wrong value.</param>
    public bool TryRead([NotNullWhen(true)] out HistoryQuery? query, [NotNullWhen(false)] out string? complaint)
    {
        var entries = 50;
        query = null;
        if (!string.IsNullOrEmpty(Limit) && (!int.TryParse(Limit, NumberStyles.None, CultureInfo.InvariantCulture, out entries) || entries is < 1 or > 200))
            complaint = "'limit' must be a number from 1 to 200.";
        else if (Cursor?.Length > MaxCursor) complaint = "The cursor is not one that this service gave out.";
        else if (Reference?.Length > MaxText || Text?.Length > MaxText) complaint = "'reference' and 'q' may be 500 characters long.";
        else if (!string.IsNullOrEmpty(Sha256) && !(Sha256.Length == 64 && Sha256.All(char.IsAsciiHexDigit))) complaint = "'sha256' must be 64 hex digits.";
        else complaint = null;
        if (complaint is not null
            || !TryRead("verdict", Verdict, out Verdict? verdict, out complaint)
            || !TryRead("status", Status, out AnalysisStatus? status, out complaint)
            || !TryRead("kind", Kind, out MediaKind? kind, out complaint)
            || !TryReadScore("min_score", MinScore, out var lowest, out complaint)
            || !TryReadScore("max_score", MaxScore, out var highest, out complaint)
            || !TryReadWindow(From, To, out var window, out complaint)) return false;
        query = new HistoryQuery
        {
            Cursor = Given(Cursor),
            Limit = entries,
            Verdict = verdict,
            Status = status,
            Kind = kind,
            Sha256 = Given(Sha256)?.ToLowerInvariant(),
            Reference = Given(Reference),
            Text = Given(Text),
            MinScore = lowest,
            MaxScore = highest,
            Window = window,
        };
        return true;
    }

    /// <summary>Reads a stretch of time.</summary>
    public static bool TryReadWindow(string? from, string? to, out HistoryWindow window, [NotNullWhen(false)] out string? complaint)
    {
        window = HistoryWindow.Ever;
        if (!TryReadTime("from", from, out var start, out complaint) || !TryReadTime("to", to, out var end, out complaint)) return false;
        window = new HistoryWindow(start, end);
        return true;
    }

    private static string? Given(string? text) => string.IsNullOrEmpty(text) ? null : text;

    private static bool TryReadTime(string name, string? text, out DateTimeOffset? time, [NotNullWhen(false)] out string? complaint)
    {
        (time, complaint) = (null, null);
        if (string.IsNullOrEmpty(text)) return true;
        // A plus sign that was not escaped arrives as a blank.
        if (DateTimeOffset.TryParse(text.Replace(' ', '+'), CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var read))
            time = read;
        else
            complaint = $"'{name}' must be a time such as 2026-01-31T12:00:00Z.";
        return complaint is null;
    }

    private static bool TryReadScore(string name, string? text, out double? score, [NotNullWhen(false)] out string? complaint)
    {
        (score, complaint) = (null, null);
        if (string.IsNullOrEmpty(text)) return true;
        if (double.TryParse(text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var read) && read is >= 0 and <= 100) score = read;
        else complaint = $"'{name}' must be a number from 0 to 100.";
        return complaint is null;
    }

    private static bool TryRead<T>(string name, string? text, out T? value, [NotNullWhen(false)] out string? complaint)
        where T : struct, Enum
    {
        (value, complaint) = (null, null);
        if (string.IsNullOrEmpty(text)) return true;
        // Enum.TryParse would take numbers and other cases as well.
        var names = Enum.GetNames<T>().Select(known => known.ToLowerInvariant()).ToArray();
        if (Array.IndexOf(names, text) is >= 0 and var at) value = Enum.GetValues<T>()[at];
        else complaint = $"'{name}' must be one of: {string.Join(", ", names)}.";
        return complaint is null;
    }
}
