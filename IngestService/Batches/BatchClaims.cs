using System.Security.Cryptography;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Submission;
using Deepfake.IngestService.Sweeping;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Batches;

/// <summary>
/// Gives every request with one <c>Idempotency-Key</c> the same batch id. A claim whose process died before it wrote the batch needs no care:
/// a repetition brings the same items, and writes it.
/// </summary>
internal sealed class BatchClaims(IDocumentStore<BatchClaim> documents, IOptions<IngestOptions> options, TimeProvider time) : IExpiry
{
    private const int BatchSize = 200;

    /// <summary>The id that belongs to the key.</summary>
    /// <exception cref="SubmissionRejectedException">The key was used for another batch.</exception>
    public async Task<string> ClaimAsync(string tenant, string key, string fresh, StoredBatch batch, CancellationToken cancellationToken)
    {
        var id = IdempotencyKey.DocumentId("batch", key);
        var claim = new BatchClaim(Fingerprint(batch), fresh);
        while (true)
        {
            var now = time.GetUtcNow();
            if (await documents.TryAddAsync(new Document<BatchClaim>(tenant, id, claim, now + options.Value.IdempotencyWindow), cancellationToken)) return fresh;
            if (await documents.FindAsync(tenant, id, cancellationToken) is not { } theirs) continue;
            if (theirs.Due <= now) await documents.TryDeleteAsync(tenant, id, theirs.Version, cancellationToken);
            else if (theirs.Value.Fingerprint == claim.Fingerprint) return theirs.Value.BatchId;
            else throw new SubmissionRejectedException(ErrorCodes.IdempotencyKeyReused, "This Idempotency-Key was used before with other files or options.");
        }
    }

    /// <summary>Whether a request with this key was here.</summary>
    public async Task<bool> IsClaimedAsync(string tenant, string key, CancellationToken cancellationToken) =>
        await documents.FindAsync(tenant, IdempotencyKey.DocumentId("batch", key), cancellationToken) is { } claim && claim.Due > time.GetUtcNow();

    /// <summary>Remembers that a batch was deleted for as long as a request of its key may come again, which would make it anew.</summary>
    public Task ForgetAsync(string tenant, string batchId, CancellationToken cancellationToken) =>
        documents.TryAddAsync(new Document<BatchClaim>(tenant, Forgotten(batchId), new BatchClaim("", batchId), time.GetUtcNow() + options.Value.IdempotencyWindow), cancellationToken);

    /// <summary>Whether a batch was deleted.</summary>
    public async Task<bool> IsForgottenAsync(string tenant, string batchId, CancellationToken cancellationToken) =>
        await documents.FindAsync(tenant, Forgotten(batchId), cancellationToken) is not null;

    /// <inheritdoc/>
    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        while (true)
        {
            var due = await documents.ListDueAsync(time.GetUtcNow(), BatchSize, cancellationToken);
            foreach (var claim in due)
                if (await documents.TryDeleteAsync(claim.Tenant, claim.Id, claim.Version, cancellationToken)) count++;
            if (due.Count < BatchSize) return count;
        }
    }

    private static string Forgotten(string batchId) => $"deleted_{batchId}";

    /// <summary>Everything that the client said, and nothing that was made up here or that changes with time, such as whether an upload is there.</summary>
    private static string Fingerprint(StoredBatch batch) => Convert.ToHexStringLower(SHA256.HashData(JsonSerializer.SerializeToUtf8Bytes(
        new { batch.Reference, batch.Reuse, Items = batch.Items.Select(item => new { item.Fields, item.Url, item.UploadId, item.Media?.Sha256, Refused = item.UploadId is null ? item.Error?.Code : null }) }, DeepfakeJson.Options)));
}

/// <summary>What a key belongs to.</summary>
/// <param name="Fingerprint">Of the request.</param>
/// <param name="BatchId">The batch.</param>
internal sealed record BatchClaim(string Fingerprint, string BatchId);
