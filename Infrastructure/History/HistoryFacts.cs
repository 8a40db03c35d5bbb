using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>What statistics and retention need of a result beside its line in the list.</summary>
internal sealed record HistoryFacts
{
    public long SizeBytes { get; init; }

    public IReadOnlyList<string> Reasons { get; init; } = [];

    public IReadOnlyList<ModelMark> Models { get; init; } = [];

    public DateTimeOffset? ExpiresAt { get; init; }

    public static HistoryFacts Of(Analysis analysis) => new()
    {
        SizeBytes = analysis.Media.SizeBytes,
        Reasons = analysis.Reasons,
        Models = [.. analysis.Models.Select(model => new ModelMark(model.Name, model.Version, model.Score))],
        ExpiresAt = analysis.ExpiresAt is { } expires ? HistoryTerms.ToStored(expires) : null,
    };
}

/// <summary>Score of one model.</summary>
internal sealed record ModelMark(string Name, string Version, double? Score);
