using System.Globalization;

namespace Deepfake.ResultService.Listing;

/// <summary>
/// One record of a CSV file (RFC 4180). Text that a spreadsheet would take for a formula gets an apostrophe in front (OWASP, CSV
/// injection): file names and references come from strangers.
/// </summary>
internal sealed class CsvLine
{
    private const string FormulaStarts = "=+-@\t\r\n＝＋－＠";
    private readonly List<string> _fields = [];

    /// <summary>Adds text of whatever origin.</summary>
    public CsvLine Text(string? value)
    {
        var text = value ?? "";
        if (text.Length > 0 && FormulaStarts.Contains(text[0], StringComparison.Ordinal)) text = "'" + text;
        return Raw(text);
    }

    /// <summary>Adds a number with a point, or nothing.</summary>
    public CsvLine Number(double? value) => Raw(value?.ToString("R", CultureInfo.InvariantCulture) ?? "");

    /// <summary>Adds a time (ISO 8601, UTC), or nothing.</summary>
    public CsvLine Time(DateTimeOffset? value) => Raw(value?.UtcDateTime.ToString("O", CultureInfo.InvariantCulture) ?? "");

    /// <summary>Adds the name of an enum value as JSON writes it, or nothing.</summary>
    public CsvLine Name<T>(T? value)
        where T : struct, Enum => Raw(value?.ToString().ToLowerInvariant() ?? "");

    /// <summary>The record with its line break.</summary>
    public override string ToString() => string.Join(',', _fields) + "\r\n";

    private CsvLine Raw(string text)
    {
        _fields.Add(text.AsSpan().IndexOfAny(",\"\r\n") >= 0 ? $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"" : text);
        return this;
    }
}
