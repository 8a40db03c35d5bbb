using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Batches;

/// <summary>A batch as it is kept. The ids of its analyses are given out with it, so that a step that is done twice makes nothing twice.</summary>
internal sealed record StoredBatch
{
    private const string Prefix = "ba_";
    private const string Digits = "0123456789abcdefghjkmnpqrstvwxyz";

    /// <summary>The items, in the order in which they came.</summary>
    public required IReadOnlyList<StoredItem> Items { get; init; }

    /// <summary>The client's own name for it.</summary>
    public string? Reference { get; init; }

    /// <summary>What the submitting key may have unfinished at once.</summary>
    public Concurrency? Concurrency { get; init; }

    /// <summary>Whether finished results of the same content would do.</summary>
    public bool Reuse { get; init; }

    /// <summary>Whether the client ended it.</summary>
    public bool IsCancelled { get; init; }

    /// <summary>When it was accepted (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it is forgotten (UTC).</summary>
    public required DateTimeOffset ExpiresAt { get; init; }

    /// <summary>When what is pending is looked at again (UTC); null while somebody is at it.</summary>
    public DateTimeOffset? RetryAt { get; init; }

    /// <summary>Whether something is left to be done.</summary>
    public bool HasPending => Items.Any(item => item.State == ItemState.Pending);

    /// <summary>A new id from that of an analysis. Documents are listed by id: the digits are turned round, so that the newest is first.</summary>
    public static string IdOf(string analysisId) =>
        Prefix + string.Concat(analysisId["an_".Length..].Select(digit => Digits[31 - Digits.IndexOf(digit, StringComparison.Ordinal)]));

    /// <summary>Whether a text has the form of a public id.</summary>
    public static bool IsId(string id) => id.Length == 29 && id.StartsWith(Prefix, StringComparison.Ordinal) && id.AsSpan(Prefix.Length).IndexOfAnyExcept(AnalysisIds.Letters) < 0;

    /// <summary>Whether it is of the same request.</summary>
    public bool IsSame(StoredBatch other) => CreatedAt == other.CreatedAt && Items.Select(item => item.AnalysisId).SequenceEqual(other.Items.Select(item => item.AnalysisId));

    /// <summary>The batch with some items changed, by their index; the same object where no change is one.</summary>
    /// <param name="changes">New items.</param>
    /// <param name="applies">Whether an item as it is stored now is to be changed.</param>
    public StoredBatch With(IReadOnlyDictionary<int, StoredItem> changes, Func<StoredItem, bool> applies) => changes.Any(change => applies(Items[change.Key]))
        ? this with { Items = [.. Items.Select((item, i) => changes.TryGetValue(i, out var changed) && applies(item) ? changed : item)] }
        : this;
}

/// <summary>What was done about an item.</summary>
internal enum ItemState
{
    /// <summary>Nothing yet.</summary>
    Pending,

    /// <summary>Its analysis is made.</summary>
    Accepted,

    /// <summary>There will be none.</summary>
    Rejected,

    /// <summary>The client wants none.</summary>
    Cancelled,

    /// <summary>Its analysis was deleted, and with it what the client said of the file.</summary>
    Deleted,
}

/// <summary>An item as it is kept.</summary>
internal sealed record StoredItem
{
    /// <summary>What was done about it.</summary>
    public ItemState State { get; init; }

    /// <summary>The analysis it is, or will be.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>The file, where it is stored.</summary>
    public StoredMedia? Media { get; init; }

    /// <summary>Where to fetch it.</summary>
    public string? Url { get; init; }

    /// <summary>Or the upload.</summary>
    public string? UploadId { get; init; }

    /// <summary>Options.</summary>
    public required SubmissionFields Fields { get; init; }

    /// <summary>Why there is no analysis.</summary>
    public AnalysisError? Error { get; init; }
}
