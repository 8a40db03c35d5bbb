using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Idempotency;

/// <summary>
/// Lets of all requests with one key exactly one make an analysis. The version of the claim's document decides: whoever adds it makes
/// the analysis; whoever finds it left behind by a process that died takes it over; and who was taken over learns so when settling.
/// </summary>
internal sealed partial class IdempotencyClaims(
    IDocumentStore<IdempotencyClaim> documents, IAnalysisStore analyses, IOptions<IngestOptions> options, TimeProvider time, ILogger<IdempotencyClaims> logger)
{
    private static readonly TimeSpan ShortPause = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan LongPause = TimeSpan.FromMilliseconds(500);

    /// <summary>Longer than a living process needs from claiming to settling: each of its steps is given <see cref="IngestOptions.RecordTimeout"/>.</summary>
    private TimeSpan Abandoned => 3 * options.Value.RecordTimeout;

    /// <summary>The claim of a key whose answer is known; null where there is none yet.</summary>
    public async Task<IdempotencyClaim?> FindSettledAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await documents.FindAsync(tenant, id, cancellationToken) is { Value: { IsSettled: true } claim } document && !IsExpired(document) ? claim : null;

    /// <summary>Claims a key, or waits for the answer of who did before.</summary>
    /// <returns>The own document, to be settled or released; or a settled one of the same request.</returns>
    /// <exception cref="SubmissionRejectedException">Another request has used the key; or the same is still at work.</exception>
    public async Task<Document<IdempotencyClaim>> ClaimAsync(string tenant, string id, IdempotencyClaim claim, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        var mine = new Document<IdempotencyClaim>(tenant, id, claim, claim.ClaimedAt + options.Value.IdempotencyWindow, Version: 1);
        for (var pause = ShortPause; ; pause = pause < LongPause ? 2 * pause : LongPause)
        {
            if (await documents.TryAddAsync(mine, cancellationToken)) return mine;
            if (await documents.FindAsync(tenant, id, cancellationToken) is not { } theirs) continue;
            if (IsExpired(theirs))
            {
                await documents.TryDeleteAsync(tenant, id, theirs.Version, cancellationToken);
                continue;
            }

            Compare(theirs.Value, claim.Fingerprint);
            if (theirs.Value.IsSettled) return theirs;
            if (await analyses.FindAsync(tenant, theirs.Value.AnalysisId, cancellationToken) is { } state)
                return theirs with { Value = theirs.Value with { Answer = Submitter.Accepted(state.Record) } };
            if (time.GetUtcNow() - theirs.Value.ClaimedAt > Abandoned)
            {
                // Its process died between claim and record. The key stays good for the same request.
                if (!await documents.TryUpdateAsync(mine with { Version = theirs.Version }, cancellationToken)) continue;
                Log.TakenOver(logger, theirs.Value.AnalysisId, claim.AnalysisId);
                return mine with { Version = theirs.Version + 1 };
            }

            if (time.GetElapsedTime(startedAt) >= options.Value.IdempotencyPatience)
            {
                throw new SubmissionRejectedException(ErrorCodes.IdempotencyInProgress, "The first request with this Idempotency-Key is still being recorded.")
                {
                    RetryAfter = TimeSpan.FromSeconds(1),
                };
            }

            await Task.Delay(pause, time, cancellationToken);
        }
    }

    /// <summary>Keeps the answer for those who come later.</summary>
    /// <returns>False if somebody has taken the claim over meanwhile, and makes the analysis instead.</returns>
    public Task<bool> SettleAsync(Document<IdempotencyClaim> claim, Analysis answer, CancellationToken cancellationToken) =>
        documents.TryUpdateAsync(claim with { Value = claim.Value with { Answer = answer } }, cancellationToken);

    /// <summary>Gives a key free after its request came to nothing. Does not throw: what stays behind is taken over in time.</summary>
    public async Task ReleaseAsync(Document<IdempotencyClaim> claim, CancellationToken cancellationToken)
    {
        try
        {
            await documents.TryDeleteAsync(claim.Tenant, claim.Id, claim.Version, cancellationToken);
        }
        catch (Exception e)
        {
            Log.NotReleased(logger, claim.Value.AnalysisId, e);
        }
    }

    /// <summary>Holds a request against the first one with its key.</summary>
    /// <exception cref="SubmissionRejectedException">They differ.</exception>
    public static void Compare(IdempotencyClaim first, string fingerprint)
    {
        if (first.Fingerprint != fingerprint)
            throw new SubmissionRejectedException(ErrorCodes.IdempotencyKeyReused, "This Idempotency-Key was used before with another file or other options.");
    }

    private bool IsExpired(Document<IdempotencyClaim> document) => document.Due <= time.GetUtcNow();

    private static partial class Log
    {
        [LoggerMessage(1030, LogLevel.Warning, "The claim of {AnalysisId} was left behind; {Successor} takes its place")]
        public static partial void TakenOver(ILogger logger, string analysisId, string successor);

        [LoggerMessage(1031, LogLevel.Warning, "The claim of {AnalysisId}, which came to nothing, could not be removed now")]
        public static partial void NotReleased(ILogger logger, string analysisId, Exception exception);
    }
}
