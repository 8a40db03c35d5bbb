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
    public static StyledText[] Verdict(string title, Analysis analysis) => analysis switch
    {
        { Error: { } error } => [$"{title}: ", new("error", Colour.Bad), $" {error.Code}: {error.Detail}"],
        { Verdict: Contracts.Verdict.Inconclusive, DeepfakeScore: { } score } when analysis.Reasons.Contains(ReasonCodes.UndecidedFaceScore) =>
            [$"{title}: ", Word(Contracts.Verdict.Inconclusive), string.Create(CultureInfo.InvariantCulture, $" ({string.Join(", ", analysis.Reasons)})  score {score:0}  {analysis.Id}")],
        { Verdict: Contracts.Verdict.Inconclusive } => [$"{title}: ", Word(Contracts.Verdict.Inconclusive), $" ({string.Join(", ", analysis.Reasons)})  {analysis.Id}"],
        { Verdict: { } verdict } =>
            [$"{title}: ", Word(verdict), string.Create(CultureInfo.InvariantCulture, $"  score {analysis.DeepfakeScore:0}  confidence {analysis.Confidence:0}  {analysis.Id}")],
        _ => [$"{title}: {Name(analysis.Status)}  {analysis.Id}"],
    };

    /// <summary>A verdict in its colour.</summary>
    public static StyledText Word(Verdict verdict) => new(Name(verdict), verdict switch
    {
        Contracts.Verdict.Authentic => Colour.Good,
        Contracts.Verdict.Suspicious => Colour.Doubtful,
        Contracts.Verdict.Manipulated => Colour.Bad,
        _ => Colour.None,
    });

    /// <summary>A word of the API.</summary>
    public static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

    /// <summary>Text of others on a terminal: without control characters, which could command it.</summary>
    public static string Shown(string? text) => string.Concat((text ?? "").Select(c => char.IsControl(c) ? '?' : c));

    /// <summary>Columns, aligned.</summary>
    public static IEnumerable<string> Table(IReadOnlyList<StyledText[]> rows)
    {
        if (rows.Count == 0) return [];
        var widths = Enumerable.Range(0, rows[0].Length).Select(column => rows.Max(row => row[column].Plain.Length)).ToArray();
        return rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.Plain.PadRight(widths[column]))).TrimEnd());
    }
}
