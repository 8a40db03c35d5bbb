using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Idempotency;
using Deepfake.ServiceDefaults.Identity;

namespace Deepfake.IngestService.Submission;

/// <summary>One request for an analysis.</summary>
internal sealed record SubmissionRequest
{
    /// <summary>Owner of what comes of it.</summary>
    public required string Tenant { get; init; }

    /// <summary>By which key, and how many analyses may be unfinished at once; null without a key.</summary>
    public Concurrency? Concurrency { get; init; }

    /// <summary>Id of the claim, see <see cref="IdempotencyKey.DocumentId"/>; null where the client sent no key.</summary>
    public string? ClaimId { get; init; }

    /// <summary>Whether a finished result of the same content would do.</summary>
    public bool Reuse { get; init; }

    /// <summary>Fields of a request that names its file instead of holding it; null where they come with the file.</summary>
    public NamedFile? Named { get; init; }

    /// <summary>Formats that are welcome at this address; null for all.</summary>
    public IReadOnlySet<MediaFormat>? Formats { get; init; }

    /// <summary>What a caller may have unfinished at once.</summary>
    public static Concurrency? ConcurrencyOf(Caller caller) =>
        caller.KeyId is { } key ? new Concurrency(key, caller.KeyConcurrency, caller.TenantConcurrency) : null;
}

/// <summary>Reads a request: hands the bytes of its file to the given function once, and answers the fields.</summary>
internal delegate Task<SubmissionFields> ReadSubmission(Func<Stream, Task> take);

/// <summary>A file that is elsewhere.</summary>
/// <param name="Name">What stands for its content, for example <c>url https://…</c>.</param>
/// <param name="Fields">What the client says about it.</param>
internal sealed record NamedFile(string Name, SubmissionFields Fields);

/// <summary>What a request came to.</summary>
/// <param name="Analysis">The analysis as the client is told of it.</param>
/// <param name="Kind">How it came about.</param>
internal sealed record SubmissionOutcome(Analysis Analysis, OutcomeKind Kind)
{
    /// <summary>Whether an earlier request with the same key had this answer.</summary>
    public bool IsReplayed { get; init; }
}

/// <summary>Where the analysis of an answer is from.</summary>
internal enum OutcomeKind
{
    /// <summary>This request made it, or the one it repeats.</summary>
    Accepted,

    /// <summary>It was there, finished, and would do.</summary>
    Reused,
}
