using Deepfake.Infrastructure.Objects;

namespace Deepfake.ResultService.Removal;

/// <summary>A removal under way, then its receipt: written before anything is removed, so that a crash leaves work and not a gap.</summary>
internal sealed record Deletion
{
    /// <summary>The analysis that was named.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>Why.</summary>
    public required string Reason { get; init; }

    /// <summary>Who asked for it.</summary>
    public string? RequestedBy { get; init; }

    /// <summary>When it began.</summary>
    public required DateTimeOffset RequestedAt { get; init; }

    /// <summary>It and what belongs to it: analyses to remove.</summary>
    public required IReadOnlyList<string> Analyses { get; init; }

    /// <summary>Records that were there, as <c>store/id</c>.</summary>
    public required IReadOnlyList<string> Records { get; init; }

    /// <summary>Objects that were there; null before they were counted.</summary>
    public ObjectTotal? Objects { get; init; }

    /// <summary>The end of it; null before.</summary>
    public DeletionReceipt? Receipt { get; init; }

    /// <summary>Id of the document and the receipt: one an analysis, whoever removes it.</summary>
    public static string IdOf(string analysisId) => "del_" + analysisId["an_".Length..];
}
