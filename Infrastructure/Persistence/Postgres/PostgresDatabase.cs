using Deepfake.Infrastructure.Hosting;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Deepfake.Infrastructure.Persistence.Postgres;

/// <summary>PostgreSQL. The schema is brought up to date on first use, by one instance at a time.</summary>
internal sealed class PostgresDatabase : StoreDatabase, IDisposable
{
    // Any number that nobody else in the database locks.
    private const long MigrationLock = 0x6465_6570_6661_6b65;
    private readonly DbContextOptions<PostgresContext> _options;
    private readonly Readiness _schema;

    /// <summary>Creates the database's client; nothing is sent yet.</summary>
    /// <param name="connectionString">As Npgsql reads it: <c>Host=…;Username=…;Password=…;Database=…</c>.</param>
    /// <param name="time">For pauses between tries to reach a server that is not up yet.</param>
    /// <param name="logger">For events.</param>
    public PostgresDatabase(string connectionString, TimeProvider time, ILogger<PostgresDatabase> logger)
    {
        _options = PostgresContext.Options(connectionString);
        _schema = new Readiness("database", MigrateAsync, time, logger);
    }

    /// <summary>A connection string with a pool of moderate size.</summary>
    public static string Limit(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        // The driver's 100 a process would let a few processes use up a server of ordinary size.
        if (settings.MaxPoolSize == 100) settings.MaxPoolSize = 20;
        return settings.ConnectionString;
    }

    /// <inheritdoc/>
    public override async Task<T> ReadAsync<T>(Func<StoreContext, CancellationToken, Task<T>> query, CancellationToken cancellationToken)
    {
        await _schema.EnsureAsync(cancellationToken);
        await using var db = New();
        return await query(db, cancellationToken);
    }

    /// <inheritdoc/>
    public override Task<T> WriteAsync<T>(Func<StoreContext, CancellationToken, Task<T>> change, CancellationToken cancellationToken) => ReadAsync(change, cancellationToken);

    /// <inheritdoc/>
    public override Task PrepareAsync(CancellationToken cancellationToken) => _schema.PersistAsync(cancellationToken);

    /// <inheritdoc/>
    public override async Task PingAsync(CancellationToken cancellationToken)
    {
        await using var db = New();
        await db.Database.OpenConnectionAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("SELECT 1", cancellationToken);
    }

    /// <inheritdoc/>
    public void Dispose() => _schema.Dispose();

    private async Task MigrateAsync(CancellationToken cancellationToken)
    {
        // Several instances start at once; the lock belongs to this connection and goes with it, whatever happens.
        await using var guard = New();
        await guard.Database.OpenConnectionAsync(cancellationToken);
        await guard.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            await using var db = New();
            await db.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            await guard.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
            await guard.Database.CloseConnectionAsync();
        }
    }

    private PostgresContext New() => new(_options);
}
