using System.Globalization;
using System.Text.Json;
using Deepfake.Client;
using Deepfake.Contracts;

namespace Deepfake.Cli;

/// <summary>What the tool prints.</summary>
internal static class Plain
{
    /// <summary>One line of JSON.</summary>
    public static string Json<T>(T value) => JsonSerializer.Serialize(value, ClientJson.Options);

    /// <summary>One line about an analysis that is over.</summary>
    public static string Verdict(string title, Analysis analysis) => Shown(title) + ": " + analysis switch
    {
        { Error: { } error } => $"error {error.Code}: {Shown(error.Detail)}",
        { Verdict: Contracts.Verdict.Inconclusive } => $"inconclusive ({string.Join(", ", analysis.Reasons)})  {analysis.Id}",
        { Verdict: { } verdict } => string.Create(CultureInfo.InvariantCulture, $"{Name(verdict)}  score {analysis.DeepfakeScore:0}  confidence {analysis.Confidence:0}  {analysis.Id}"),
        _ => $"{Name(analysis.Status)}  {analysis.Id}",
    };

    /// <summary>A word of the API.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Text of others on a terminal: without control characters, which could command it.</summary>
    public static string Shown(string? text) => string.Concat((text ?? "").Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>Columns, aligned.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<string[]> rows)
    {
        if (rows.Count == 0) return [];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Length)).ToArray();
        return rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd());
    }
}
