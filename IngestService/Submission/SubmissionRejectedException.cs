namespace Deepfake.IngestService.Submission;

/// <summary>A submission is not accepted, and nothing of it stays, unless it is <see cref="IsInDoubt"/>.</summary>
internal sealed class SubmissionRejectedException(string code, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>Stable code, one of the contract's error codes.</summary>
    public string Code { get; } = code;

    /// <summary>When to try again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }

    /// <summary>Whether the analysis may have been made all the same: then what it needs stays, and a repetition finds out.</summary>
    public bool IsInDoubt { get; init; }
}
