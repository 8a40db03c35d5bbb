using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Documents;

/// <summary>Documents of one kind in the journal of an embedded host.</summary>
internal sealed class JournalDocumentStore<T>(DocumentJournal journal, DocumentKind<T> kind) : IDocumentStore<T>
    where T : class
{
    public Task<bool> TryAddAsync(Document<T> document, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoName(document);
        var line = Line(document, 1);
        return journal.WriteAsync(kind.Name, document.Tenant, document.Id, stored => stored is null ? line : null, cancellationToken);
    }

    public async Task<Document<T>?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (!DocumentTerms.IsName(tenant, id)) return null;
        var found = await journal.ReadAsync(kind.Name, index => index.Find(tenant, id) is { } slot ? [slot] : [], cancellationToken);
        return found.Count == 0 ? null : ToDocument(found[0]);
    }

    public Task<bool> TryUpdateAsync(Document<T> document, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoName(document);
        var line = Line(document, document.Version + 1);
        return journal.WriteAsync(kind.Name, document.Tenant, document.Id, stored => stored?.Version == document.Version ? line : null, cancellationToken);
    }

    public Task<bool> TryDeleteAsync(string tenant, string id, long? version, CancellationToken cancellationToken)
    {
        if (!DocumentTerms.IsName(tenant, id)) return Task.FromResult(false);
        var line = new DocumentLine { Kind = kind.Name, Tenant = tenant, Id = id };
        return journal.WriteAsync(
            kind.Name, tenant, id, stored => stored is not null && (version is null || stored.Version == version) ? line : null, cancellationToken);
    }

    public async Task<IReadOnlyList<Document<T>>> ListAsync(string tenant, string? afterId, int limit, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoLimit(limit);
        if (!DocumentTerms.IsPlace(tenant, afterId)) return [];
        return [.. (await journal.ReadAsync(kind.Name, index => index.After(tenant, afterId).Take(limit), cancellationToken)).Select(ToDocument)];
    }

    public async Task<IReadOnlyList<Document<T>>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoLimit(limit);
        return [.. (await journal.ReadAsync(kind.Name, index => index.Due(now).Take(limit), cancellationToken)).Select(ToDocument)];
    }

    private DocumentLine Line(Document<T> document, long version) => new()
    {
        Kind = kind.Name,
        Tenant = document.Tenant,
        Id = document.Id,
        Version = version,
        Due = DocumentTerms.ToStored(document.Due),
        Value = JsonSerializer.SerializeToElement(document.Value, DeepfakeJson.Options),
    };

    private static Document<T> ToDocument(DocumentLine line) =>
        new(line.Tenant, line.Id, line.Value!.Value.Deserialize<T>(DeepfakeJson.Options)!, line.Due, line.Version);
}
