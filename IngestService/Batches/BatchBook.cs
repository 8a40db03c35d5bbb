using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Batches;

/// <summary>The batches of all tenants. Every change goes through the version of the document.</summary>
internal sealed class BatchBook(IDocumentStore<StoredBatch> documents, IOptions<IngestOptions> options, TimeProvider time)
{
    /// <summary>How long who works at a batch is let alone; every change begins it anew. No single step takes longer.</summary>
    private readonly TimeSpan _lease = options.Value.UrlTimeout + options.Value.RecordTimeout + TimeSpan.FromMinutes(1);

    /// <summary>Adds a batch. After a failure it is unknown whether it was written, so it is removed as well.</summary>
    /// <returns>False if there is one of this id.</returns>
    public async Task<bool> TryAddAsync(string tenant, string id, StoredBatch batch)
    {
        try
        {
            return await documents.TryAddAsync(new Document<StoredBatch>(tenant, id, batch, Due(batch)), CancellationToken.None);
        }
        catch
        {
            // Under the id of a key there may be that of another request.
            if (await documents.FindAsync(tenant, id, CancellationToken.None) is { } written && written.Value.IsSame(batch)) await documents.TryDeleteAsync(tenant, id, written.Version, CancellationToken.None);
            throw;
        }
    }

    /// <summary>A batch of the tenant.</summary>
    /// <exception cref="SubmissionRejectedException">There is none.</exception>
    public async Task<Document<StoredBatch>> GetAsync(string tenant, string id, CancellationToken cancellationToken) =>
        StoredBatch.IsId(id) && await documents.FindAsync(tenant, id, cancellationToken) is { } document && document.Value.ExpiresAt > time.GetUtcNow()
            ? document
            : throw new SubmissionRejectedException(ErrorCodes.NotFound, "There is no such batch.");

    /// <summary>Batches of the tenant, newest first.</summary>
    public Task<IReadOnlyList<Document<StoredBatch>>> ListAsync(string tenant, string? after, int limit, CancellationToken cancellationToken) =>
        documents.ListAsync(tenant, after, limit, cancellationToken);

    /// <summary>Batches of which something is to be done.</summary>
    public Task<IReadOnlyList<Document<StoredBatch>>> ListDueAsync(int limit, CancellationToken cancellationToken) => documents.ListDueAsync(time.GetUtcNow(), limit, cancellationToken);

    /// <summary>Changes this version of a batch.</summary>
    /// <returns>The new version; null if another one is stored by now.</returns>
    public async Task<Document<StoredBatch>?> TryUpdateAsync(Document<StoredBatch> document, StoredBatch batch, CancellationToken cancellationToken)
    {
        var changed = document with { Value = batch, Due = Due(batch) };
        return await documents.TryUpdateAsync(changed, cancellationToken) ? changed with { Version = changed.Version + 1 } : null;
    }

    /// <summary>Changes a batch, whatever its version.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="id">The batch.</param>
    /// <param name="change">From the stored batch to the new one; the same object for no change.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>What is stored then; null if there is none any more.</returns>
    public async Task<StoredBatch?> UpdateAsync(string tenant, string id, Func<StoredBatch, StoredBatch> change, CancellationToken cancellationToken)
    {
        while (await documents.FindAsync(tenant, id, cancellationToken) is { } document)
        {
            var changed = change(document.Value);
            if (ReferenceEquals(changed, document.Value) || await TryUpdateAsync(document, changed, cancellationToken) is not null) return changed;
        }

        return null;
    }

    /// <summary>Forgets a batch; its analyses stay.</summary>
    public Task<bool> RemoveAsync(string tenant, string id, long? version, CancellationToken cancellationToken) => documents.TryDeleteAsync(tenant, id, version, cancellationToken);

    private DateTimeOffset Due(StoredBatch batch) => batch.HasPending ? batch.RetryAt ?? time.GetUtcNow() + _lease : batch.ExpiresAt;
}
