namespace Deepfake.Infrastructure.Documents;

/// <summary>
/// Small durable state around the pipeline (API keys, idempotency claims, webhook endpoints and deliveries, uploads, batches, reviews):
/// PostgreSQL, or the SQLite file of an embedded host. One kind of document a type. A write is durable when its task completes.
/// </summary>
/// <typeparam name="T">Value, stored as JSON of <c>DeepfakeJson.Options</c>; additions must have defaults.</typeparam>
public interface IDocumentStore<T>
    where T : class
{
    /// <summary>Adds a document as version 1.</summary>
    /// <returns>False if the tenant has one with this id: of concurrent callers one gets true.</returns>
    Task<bool> TryAddAsync(Document<T> document, CancellationToken cancellationToken);

    /// <summary>One document; null if unknown or of another tenant.</summary>
    Task<Document<T>?> FindAsync(string tenant, string id, CancellationToken cancellationToken);

    /// <summary>Replaces value and due time if the stored version is still <see cref="Document{T}.Version"/>, which grows by one.</summary>
    /// <returns>False if it was changed or removed meanwhile: read it again.</returns>
    Task<bool> TryUpdateAsync(Document<T> document, CancellationToken cancellationToken);

    /// <summary>Removes a document.</summary>
    /// <param name="tenant">Its owner.</param>
    /// <param name="id">Its id.</param>
    /// <param name="version">Only this version; null for any.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>False if there was none (of this version).</returns>
    Task<bool> TryDeleteAsync(string tenant, string id, long? version, CancellationToken cancellationToken);

    /// <summary>Documents of a tenant by id, ordinal.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="afterId">Only ids behind this one; null for all.</param>
    /// <param name="limit">At most this many, from 1.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<IReadOnlyList<Document<T>>> ListAsync(string tenant, string? afterId, int limit, CancellationToken cancellationToken);

    /// <summary>Documents of all tenants whose due time has come, the longest overdue first.</summary>
    Task<IReadOnlyList<Document<T>>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken);
}

/// <summary>A document and what the store knows of it.</summary>
/// <param name="Tenant">Owner; empty for what belongs to the installation.</param>
/// <param name="Id">Unique inside tenant and kind, 1–200 characters.</param>
/// <param name="Value">Content.</param>
/// <param name="Due">When something is to be done about it (expiry, next attempt; UTC); null for never.</param>
/// <param name="Version">1 after adding, one more after each change.</param>
public sealed record Document<T>(string Tenant, string Id, T Value, DateTimeOffset? Due = null, long Version = 0)
    where T : class;
