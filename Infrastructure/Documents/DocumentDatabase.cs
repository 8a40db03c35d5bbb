using Deepfake.Infrastructure.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Documents;

/// <summary>The database of all kinds of documents. Its schema is brought up to date on first use, by one instance at a time.</summary>
internal sealed class DocumentDatabase : IPrepared, IDisposable
{
    private readonly DbContextOptions<DocumentContext> _options;
    private readonly Readiness _schema;

    /// <summary>Creates the database's client; nothing is sent yet.</summary>
    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Username=…;Password=…;Database=…</c>.</param>
    /// <param name="time">For pauses between tries to reach a server that is not up yet.</param>
    /// <param name="logger">For events.</param>
    public DocumentDatabase(string connectionString, TimeProvider time, ILogger<DocumentDatabase> logger)
    {
        _options = DocumentContext.Options(connectionString);
        _schema = new Readiness("document database", stop => PostgresDatabase.MigrateAsync(New, stop), time, logger);
    }

    /// <summary>A context on a schema that is there.</summary>
    public async ValueTask<DocumentContext> OpenAsync(CancellationToken cancellationToken)
    {
        await _schema.EnsureAsync(cancellationToken);
        return New();
    }

    /// <inheritdoc/>
    public Task PrepareAsync(CancellationToken cancellationToken) => _schema.PersistAsync(cancellationToken);

    /// <inheritdoc/>
    public Task PingAsync(CancellationToken cancellationToken) => PostgresDatabase.PingAsync(New, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _schema.Dispose();

    private DocumentContext New() => new(_options);
}
