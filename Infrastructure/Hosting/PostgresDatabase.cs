using Microsoft.EntityFrameworkCore;
using Npgsql;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>What all stores in PostgreSQL have in common.</summary>
internal static class PostgresDatabase
{
    // Any number that nobody else in the database locks.
    private const long MigrationLock = 0x6465_6570_6661_6b65;

    /// <summary>A connection string with a pool of moderate size; the same text, so that the stores of a process share one pool.</summary>
    public static string Limit(string connectionString)
    {
        var settings = new NpgsqlConnectionStringBuilder(connectionString);
        // The driver's 100 a process would let a few processes use up a server of ordinary size.
        if (settings.MaxPoolSize == 100) settings.MaxPoolSize = 20;
        return settings.ConnectionString;
    }

    /// <summary>Brings a schema up to date, one instance at a time.</summary>
    public static async Task MigrateAsync(Func<DbContext> open, CancellationToken cancellationToken)
    {
        // Several instances start at once; the lock belongs to this connection and goes with it, whatever happens.
        await using var guard = open();
        await guard.Database.OpenConnectionAsync(cancellationToken);
        await guard.Database.ExecuteSqlAsync($"SELECT pg_advisory_lock({MigrationLock})", cancellationToken);
        try
        {
            await using var db = open();
            await db.Database.MigrateAsync(cancellationToken);
        }
        finally
        {
            await guard.Database.ExecuteSqlAsync($"SELECT pg_advisory_unlock({MigrationLock})", CancellationToken.None);
            await guard.Database.CloseConnectionAsync();
        }
    }

    /// <summary>One cheap request; throws when there is no answer.</summary>
    public static async Task PingAsync(Func<DbContext> open, CancellationToken cancellationToken)
    {
        await using var db = open();
        await db.Database.OpenConnectionAsync(cancellationToken);
        await db.Database.ExecuteSqlRawAsync("SELECT 1", cancellationToken);
    }
}
