using System.Linq.Expressions;
using System.Text.Json;
using Deepfake.Contracts;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.Documents;

/// <summary>
/// Documents of one kind in PostgreSQL. A write whose answer was lost is sent again; its stamp makes that harmless: what it finds done by
/// itself counts as done.
/// </summary>
internal sealed class PostgresDocumentStore<T>(DocumentDatabase database, DocumentKind<T> kind) : IDocumentStore<T>
    where T : class
{
    private static readonly Expression<Func<DocumentRow, Found>> AsFound = row => new Found(row.Tenant, row.Id, row.Value, row.Due, row.Version);

    public async Task<bool> TryAddAsync(Document<T> document, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoName(document);
        var (json, stamp) = (Serialize(document.Value), Guid.NewGuid());
        return await WriteAsync(
            $"""
            INSERT INTO documents (kind, tenant, id, version, due, value, stamp)
            VALUES ({kind.Name}, {document.Tenant}, {document.Id}, 1, {DocumentTerms.ToStored(document.Due)}, {json}::json, {stamp})
            ON CONFLICT (kind, tenant, id) DO NOTHING
            """,
            rows => rows.Where(row => row.Tenant == document.Tenant && row.Id == document.Id && row.Stamp == stamp),
            cancellationToken);
    }

    public async Task<Document<T>?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (!DocumentTerms.IsName(tenant, id)) return null;
        await using var db = await database.OpenAsync(cancellationToken);
        var found = await Rows(db).Where(row => row.Tenant == tenant && row.Id == id).Select(AsFound).SingleOrDefaultAsync(cancellationToken);
        return found is null ? null : ToDocument(found);
    }

    public async Task<bool> TryUpdateAsync(Document<T> document, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoName(document);
        var (json, stamp, next) = (Serialize(document.Value), Guid.NewGuid(), document.Version + 1);
        return await WriteAsync(
            $"""
            UPDATE documents SET version = {next}, due = {DocumentTerms.ToStored(document.Due)}, value = {json}::json, stamp = {stamp}
            WHERE kind = {kind.Name} AND tenant = {document.Tenant} AND id = {document.Id} AND version = {document.Version}
            """,
            rows => rows.Where(row => row.Tenant == document.Tenant && row.Id == document.Id && row.Stamp == stamp),
            cancellationToken);
    }

    public async Task<bool> TryDeleteAsync(string tenant, string id, long? version, CancellationToken cancellationToken)
    {
        if (!DocumentTerms.IsName(tenant, id)) return false;
        await using var db = await database.OpenAsync(cancellationToken);
        return await Rows(db).Where(row => row.Tenant == tenant && row.Id == id && (version == null || row.Version == version)).ExecuteDeleteAsync(cancellationToken) > 0;
    }

    public async Task<IReadOnlyList<Document<T>>> ListAsync(string tenant, string? afterId, int limit, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoLimit(limit);
        if (!DocumentTerms.IsPlace(tenant, afterId)) return [];
        await using var db = await database.OpenAsync(cancellationToken);
        var rows = Rows(db).Where(row => row.Tenant == tenant);
        if (afterId is not null) rows = rows.Where(row => string.Compare(row.Id, afterId) > 0);
        return [.. (await rows.OrderBy(row => row.Id).Take(limit).Select(AsFound).ToListAsync(cancellationToken)).Select(ToDocument)];
    }

    public async Task<IReadOnlyList<Document<T>>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoLimit(limit);
        var utc = now.ToUniversalTime();
        await using var db = await database.OpenAsync(cancellationToken);
        var rows = Rows(db).Where(row => row.Due != null && row.Due <= utc).OrderBy(row => row.Due).ThenBy(row => row.Tenant).ThenBy(row => row.Id);
        return [.. (await rows.Take(limit).Select(AsFound).ToListAsync(cancellationToken)).Select(ToDocument)];
    }

    /// <summary>Writes, again if the connection broke; <paramref name="own"/> finds what the try before did, if it came so far.</summary>
    /// <returns>Whether a row was written.</returns>
    private async Task<bool> WriteAsync(FormattableString statement, Func<IQueryable<DocumentRow>, IQueryable<DocumentRow>> own, CancellationToken cancellationToken)
    {
        await using var db = await database.OpenAsync(cancellationToken);
        var tries = 0;
        return await db.Database.CreateExecutionStrategy().ExecuteAsync(
            async stop =>
            {
                tries++;
                return await db.Database.ExecuteSqlAsync(statement, stop) > 0 || (tries > 1 && await own(Rows(db)).AnyAsync(stop));
            },
            cancellationToken);
    }

    private IQueryable<DocumentRow> Rows(DocumentContext db)
    {
        var name = kind.Name;
        return db.Documents.AsNoTracking().Where(row => row.Kind == name);
    }

    private static string Serialize(T value) => JsonSerializer.Serialize(value, DeepfakeJson.Options);

    private static Document<T> ToDocument(Found found) =>
        new(found.Tenant, found.Id, JsonSerializer.Deserialize<T>(found.Value, DeepfakeJson.Options)!, found.Due, found.Version);

    private sealed record Found(string Tenant, string Id, string Value, DateTimeOffset? Due, long Version);
}
