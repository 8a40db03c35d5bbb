using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Analyses;

internal enum EntryKind
{
    Created,
    Published,
    Part,
    Advanced,
    Finished,
    Announced,
    Deleted,
}

/// <summary>One line of the analysis journal. Which members are set depends on the kind.</summary>
internal record AnalysisEntry
{
    public required EntryKind Kind { get; init; }

    public required string Id { get; init; }

    /// <summary>When it was written.</summary>
    public required DateTimeOffset At { get; init; }

    public AnalysisRecord? Record { get; init; }

    /// <summary>Owner of a deleted analysis, whose record is gone.</summary>
    public string? Tenant { get; init; }

    public AnalysisStatus? Status { get; init; }

    public Stage? Stage { get; init; }

    public double? Percent { get; init; }

    public string? Part { get; init; }

    public ReadOnlyMemory<byte>? Content { get; init; }

    private static JsonSerializerOptions Json { get; } = new(DeepfakeJson.Options) { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull };

    public byte[] ToJson() => JsonSerializer.SerializeToUtf8Bytes(this, GetType(), Json);

    public static AnalysisEntry Parse(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<AnalysisEntry>(json, Json)!;

    public static FinishedEntry ParseFinished(ReadOnlySpan<byte> json) => JsonSerializer.Deserialize<FinishedEntry>(json, Json)!;
}

/// <summary>The line that ends an analysis. Apart, so that a replay skips over the result instead of building it.</summary>
internal sealed record FinishedEntry : AnalysisEntry
{
    public required Analysis Result { get; init; }
}
