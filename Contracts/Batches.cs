namespace Deepfake.Contracts;

/// <summary>Where a batch stands.</summary>
public enum BatchStatus
{
    /// <summary>Some item is not over.</summary>
    Running,

    /// <summary>Every item is over, one way or another.</summary>
    Completed,

    /// <summary>Over by the client's wish.</summary>
    Cancelled,
}

/// <summary>Where one item of a batch stands.</summary>
public enum BatchItemStatus
{
    /// <summary>Its file is still to be fetched, or waits for room.</summary>
    Pending,

    /// <summary>Over without an analysis; <see cref="BatchItem.Error"/> says why.</summary>
    Rejected,

    /// <summary>Its analysis waits for a worker.</summary>
    Accepted,

    /// <summary>Its analysis is being worked on.</summary>
    Running,

    /// <summary>Its analysis is over, with a verdict.</summary>
    Completed,

    /// <summary>Its analysis is over, with an error.</summary>
    Failed,

    /// <summary>Over by the client's wish.</summary>
    Cancelled,

    /// <summary>Its analysis was deleted.</summary>
    Deleted,
}

/// <summary>Several files submitted together: what <c>GET /v1/batches/{id}</c> answers (snake_case).</summary>
public sealed record Batch
{
    /// <summary>Id, e.g. <c>ba_…</c>; newer ones sort first.</summary>
    public required string Id { get; init; }

    /// <summary>Where it stands.</summary>
    public required BatchStatus Status { get; init; }

    /// <summary>Mean progress of the items, 0–100; what is over counts as 100.</summary>
    public required double Progress { get; init; }

    /// <summary>The client's own name for it, as submitted.</summary>
    public string? Reference { get; init; }

    /// <summary>Counts over all items.</summary>
    public required BatchSummary Summary { get; init; }

    /// <summary>The items in the order in which they came; null in lists.</summary>
    public IReadOnlyList<BatchItem>? Items { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>Counts over the items of a batch.</summary>
public sealed record BatchSummary
{
    /// <summary>All items.</summary>
    public required int Total { get; init; }

    /// <summary>Items by <see cref="BatchItemStatus"/>, snake_case; those that occur.</summary>
    public required IReadOnlyDictionary<string, int> ByStatus { get; init; }

    /// <summary>Completed items by <see cref="Verdict"/>, snake_case; those that occur.</summary>
    public required IReadOnlyDictionary<string, int> ByVerdict { get; init; }

    /// <summary>Highest score of a completed item, 0–100; null without any.</summary>
    public double? HighestScore { get; init; }
}

/// <summary>One file of a batch.</summary>
public sealed record BatchItem
{
    /// <summary>Its place, from 0.</summary>
    public required int Index { get; init; }

    /// <summary>Where it stands.</summary>
    public required BatchItemStatus Status { get; init; }

    /// <summary>Name of the file, cleaned.</summary>
    public string? FileName { get; init; }

    /// <summary>Where the file is from; null for one that came with the batch.</summary>
    public string? Source { get; init; }

    /// <summary>The client's own name for it.</summary>
    public string? Reference { get; init; }

    /// <summary>Its analysis; null before there is one.</summary>
    public string? AnalysisId { get; init; }

    /// <summary>0–100.</summary>
    public required double Progress { get; init; }

    /// <summary>The answer in one word, once it is completed.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>As in <see cref="Analysis.IsDeepfake"/>.</summary>
    public bool? IsDeepfake { get; init; }

    /// <summary>0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>0–100.</summary>
    public double? Confidence { get; init; }

    /// <summary>Why there is no verdict.</summary>
    public AnalysisError? Error { get; init; }
}

/// <summary>One page of batches.</summary>
/// <param name="Items">Newest first, without their items.</param>
/// <param name="NextCursor">For the next page; null on the last one.</param>
public sealed record BatchPage(IReadOnlyList<Batch> Items, string? NextCursor);
