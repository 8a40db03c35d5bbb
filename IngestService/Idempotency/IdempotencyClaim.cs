using Deepfake.Contracts;

namespace Deepfake.IngestService.Idempotency;

/// <summary>
/// What became of the first request with a key. It is claimed once its media are durable and its hash is known, just before the record
/// is written, and settled with the answer.
/// </summary>
internal sealed record IdempotencyClaim
{
    /// <summary>Hash of body and options, see <see cref="Fingerprint"/>.</summary>
    public required string Fingerprint { get; init; }

    /// <summary>The analysis that the request makes.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>When (UTC).</summary>
    public required DateTimeOffset ClaimedAt { get; init; }

    /// <summary>
    /// The answer; null until the record is written, and for a finished result. It says nothing of the file: that is read from the
    /// analysis as long as there is one, so that its deletion leaves none here.
    /// </summary>
    public Analysis? Answer { get; init; }

    /// <summary>Whether the answer was a finished result of before (200 instead of 202), the one of <see cref="AnalysisId"/>.</summary>
    public bool IsReused { get; init; }

    /// <summary>Whether it is known what the request came to.</summary>
    internal bool IsSettled => Answer is not null || IsReused;
}
