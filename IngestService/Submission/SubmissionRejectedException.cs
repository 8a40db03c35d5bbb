namespace Deepfake.IngestService.Submission;

/// <summary>A submission is not accepted, and nothing of it stays.</summary>
internal sealed class SubmissionRejectedException(string code, string detail, Exception? inner = null) : Exception(detail, inner)
{
    /// <summary>Stable code, one of the contract's error codes.</summary>
    public string Code { get; } = code;

    /// <summary>When to try again; null where that would not help.</summary>
    public TimeSpan? RetryAfter { get; init; }
}
