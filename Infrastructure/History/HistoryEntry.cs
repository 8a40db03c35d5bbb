using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>One line of the history journal: a result with its summary, a review, or, with neither, a deletion.</summary>
internal record HistoryEntry
{
    public required string Tenant { get; init; }

    public required string Id { get; init; }

    public AnalysisSummary? Summary { get; init; }

    public HistoryFacts? Facts { get; init; }

    public Review? Review { get; init; }

    private static JsonSerializerOptions Json { get; } = new(DeepfakeJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, GetType(), Json);

    /// <summary>Reads a line, without its result.</summary>
    public static HistoryEntry Parse(ReadOnlySpan<byte> json)
    {
        var entry = JsonSerializer.Deserialize<HistoryEntry>(json, Json)!;
        // Lines of the first release have no facts of their own.
        if (entry is not { Summary: not null, Facts: null }) return entry;
        var result = ParseSaved(json).Result;
        return entry with { Summary = result.Summarise(), Facts = HistoryFacts.Of(result) };
    }

    public static SavedEntry ParseSaved(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<SavedEntry>(json, Json)!;
}

/// <summary>The line that stores a result. Apart, so that a replay skips over the result instead of building it.</summary>
internal sealed record SavedEntry : HistoryEntry
{
    public required Analysis Result { get; init; }
}
