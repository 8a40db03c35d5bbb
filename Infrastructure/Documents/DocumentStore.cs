using System.Linq.Expressions;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Persistence;
using Microsoft.EntityFrameworkCore;

namespace Deepfake.Infrastructure.Documents;

/// <summary>
/// Documents of one kind in a relational database. A write whose answer was lost is sent again; its stamp makes that harmless: what it finds done by
/// itself counts as done.
/// </summary>
internal sealed class DocumentStore<T>(StoreDatabase database, DocumentKind<T> kind) : IDocumentStore<T>
    where T : class
{
    private static readonly Expression<Func<DocumentRow, Found>> AsFound = row => new Found(row.Tenant, row.Id, row.Value, row.Due, row.Version);

    public async Task<bool> TryAddAsync(Document<T> document, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoName(document);
        var (json, stamp, due) = (Serialize(document.Value), Guid.NewGuid(), DocumentTerms.ToStored(document.Due));
        return await WriteAsync(
            document,
            stamp,
            // SQL: one statement that does nothing where the name is taken, which EF Core cannot say.
            (db, stop) => db.Database.ExecuteSqlAsync(
                FormattableStringFactory.Create(
                    $$"""
                    INSERT INTO documents (kind, tenant, id, version, due, value, stamp) VALUES ({0}, {1}, {2}, 1, {3}, {4}{{db.JsonCast}}, {5})
                    ON CONFLICT (kind, tenant, id) DO NOTHING
                    """,
                    kind.Name, document.Tenant, document.Id, due, json, stamp),
                stop),
            cancellationToken);
    }

    public async Task<Document<T>?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (!DocumentTerms.IsName(tenant, id)) return null;
        var found = await database.ReadAsync((db, stop) => Rows(db, tenant, id).Select(AsFound).SingleOrDefaultAsync(stop), cancellationToken);
        return found is null ? null : ToDocument(found);
    }

    public async Task<bool> TryUpdateAsync(Document<T> document, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoName(document);
        var (json, stamp, due, version) = (Serialize(document.Value), Guid.NewGuid(), DocumentTerms.ToStored(document.Due), document.Version);
        return await WriteAsync(
            document,
            stamp,
            (db, stop) => Rows(db, document.Tenant, document.Id).Where(row => row.Version == version).ExecuteUpdateAsync(
                set => set.SetProperty(row => row.Version, version + 1).SetProperty(row => row.Due, due).SetProperty(row => row.Value, json).SetProperty(row => row.Stamp, stamp), stop),
            cancellationToken);
    }

    public async Task<bool> TryDeleteAsync(string tenant, string id, long? version, CancellationToken cancellationToken)
    {
        if (!DocumentTerms.IsName(tenant, id)) return false;
        return await database.WriteAsync(
            (db, stop) => Rows(db, tenant, id).Where(row => version == null || row.Version == version).ExecuteDeleteAsync(stop), cancellationToken) > 0;
    }

    public async Task<IReadOnlyList<Document<T>>> ListAsync(string tenant, string? afterId, int limit, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoLimit(limit);
        if (!DocumentTerms.IsPlace(tenant, afterId)) return [];
        return await ReadAsync(
            db =>
            {
                var rows = Rows(db).Where(row => row.Tenant == tenant);
                if (afterId is not null) rows = rows.Where(row => string.Compare(row.Id, afterId) > 0);
                return rows.OrderBy(row => row.Id).Take(limit);
            },
            cancellationToken);
    }

    public Task<IReadOnlyList<Document<T>>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken)
    {
        DocumentTerms.ThrowIfNoLimit(limit);
        var utc = now.ToUniversalTime();
        return ReadAsync(
            db => Rows(db).Where(row => row.Due != null && row.Due <= utc).OrderBy(row => row.Due).ThenBy(row => row.Tenant).ThenBy(row => row.Id).Take(limit), cancellationToken);
    }

    private async Task<IReadOnlyList<Document<T>>> ReadAsync(Func<StoreContext, IQueryable<DocumentRow>> query, CancellationToken cancellationToken) =>
        [.. (await database.ReadAsync((db, stop) => query(db).Select(AsFound).ToListAsync(stop), cancellationToken)).Select(ToDocument)];

    /// <summary>Writes, again if the connection broke; the stamp finds what the try before did, if it came so far.</summary>
    /// <returns>Whether a row was written.</returns>
    private Task<bool> WriteAsync(Document<T> document, Guid stamp, Func<StoreContext, CancellationToken, Task<int>> statement, CancellationToken cancellationToken) =>
        database.WriteAsync(
            (db, stop) =>
            {
                var tries = 0;
                return db.Database.CreateExecutionStrategy().ExecuteAsync(
                    async again =>
                    {
                        tries++;
                        return await statement(db, again) > 0
                            || (tries > 1 && await Rows(db, document.Tenant, document.Id).AnyAsync(row => row.Stamp == stamp, again));
                    },
                    stop);
            },
            cancellationToken);

    private IQueryable<DocumentRow> Rows(StoreContext db)
    {
        var name = kind.Name;
        return db.Documents.Where(row => row.Kind == name);
    }

    private IQueryable<DocumentRow> Rows(StoreContext db, string tenant, string id) => Rows(db).Where(row => row.Tenant == tenant && row.Id == id);

    private static string Serialize(T value) => JsonSerializer.Serialize(value, DeepfakeJson.Options);

    private static Document<T> ToDocument(Found found) =>
        new(found.Tenant, found.Id, JsonSerializer.Deserialize<T>(found.Value, DeepfakeJson.Options)!, found.Due, found.Version);

    private sealed record Found(string Tenant, string Id, string Value, DateTimeOffset? Due, long Version);
}
