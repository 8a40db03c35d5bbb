using System.Collections.Concurrent;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Persistence.Sqlite;

/// <summary>
/// The one SQLite file of an embedded host. Many readers at a time, each on a connection of its own, and one writer (<see cref="SqliteWriter"/>).
/// </summary>
internal sealed class SqliteDatabase : StoreDatabase, IDisposable
{
    /// <summary>Files up to this size are read from end to end at the start: under a second.</summary>
    private const long CheckedBytes = 256L * 1024 * 1024;

    private readonly ConcurrentBag<SqliteContext> _readers = [];
    private readonly DbContextOptions<SqliteContext> _readOptions;
    private readonly SqliteWriter _writer;
    private volatile bool _disposed;

    /// <summary>Opens or creates the database and brings its schema up to date.</summary>
    /// <param name="path">Its file; SQLite puts two more beside it.</param>
    /// <param name="logger">For events.</param>
    /// <exception cref="InvalidOperationException">The file is damaged, was written by a later release, or cannot be opened. It is left as it is.</exception>
    public SqliteDatabase(string path, ILogger<SqliteDatabase> logger)
    {
        SqliteConnection? connection = null;
        try
        {
            if (File.Exists(path)) Check(path);
            connection = Open(path);
            Migrate(connection, path);
        }
        catch (SqliteException e)
        {
            connection?.Dispose();
            throw new InvalidOperationException($"The database '{path}' cannot be opened ({e.Message}). It was left as it is: move it away, or put a copy of it in its place.", e);
        }
        catch
        {
            connection?.Dispose();
            throw;
        }

        _readOptions = Options(builder => builder.UseSqlite(ConnectionString(path, SqliteOpenMode.ReadWrite)));
        _writer = new SqliteWriter(connection, logger);
    }

    /// <summary>The writer, for tests of what happens when the disk fails.</summary>
    internal SqliteWriter Writer => _writer;

    /// <summary>How every part of the store sees the database.</summary>
    public static DbContextOptions<SqliteContext> Options(Action<DbContextOptionsBuilder> configure)
    {
        var builder = new DbContextOptionsBuilder<SqliteContext>().UseQueryTrackingBehavior(QueryTrackingBehavior.NoTracking);
        configure(builder);
        return builder.Options;
    }

    /// <inheritdoc/>
    public override async Task<T> ReadAsync<T>(Func<StoreContext, CancellationToken, Task<T>> query, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        ObjectDisposedException.ThrowIf(_disposed, this);
        if (!_readers.TryTake(out var db)) db = await OpenReaderAsync(cancellationToken);
        try
        {
            var answer = await query(db, cancellationToken);
            _readers.Add(db);
            db = null;
            if (_disposed) CloseReaders();
            return answer;
        }
        finally
        {
            // What failed is not used again.
            if (db is not null) await db.DisposeAsync();
        }
    }

    /// <inheritdoc/>
    public override Task<T> WriteAsync<T>(Func<StoreContext, CancellationToken, Task<T>> change, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _writer.WriteAsync(db => change(db, CancellationToken.None)).WaitAsync(cancellationToken);
    }

    /// <inheritdoc/>
    public override Task PrepareAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <inheritdoc/>
    public override async Task PingAsync(CancellationToken cancellationToken)
    {
        // After a failure only a write tells whether the disk is well again; while all is well nothing is written.
        if (_writer.Fault is not null) await _writer.ProbeAsync().WaitAsync(cancellationToken);
        else await ReadAsync(async (db, stop) => await db.Documents.AnyAsync(stop), cancellationToken);
    }

    /// <summary>Writes what is queued and closes the file.</summary>
    public void Dispose()
    {
        _disposed = true;
        CloseReaders();
        _writer.Dispose();
    }

    /// <summary>Looks at a file without changing it, its write-ahead log included.</summary>
    private static void Check(string path)
    {
        using var connection = new SqliteConnection(ConnectionString(path, SqliteOpenMode.ReadOnly));
        connection.Open();
        using var command = connection.CreateCommand();
        command.CommandText = new FileInfo(path).Length <= CheckedBytes ? "PRAGMA quick_check(1)" : "SELECT iif(count(*) >= 0, 'ok', '') FROM sqlite_schema";
        if (command.ExecuteScalar() is string answer && answer != "ok")
            throw new InvalidOperationException($"The database '{path}' is damaged ({answer}). It was left as it is: move it away, or put a copy of it in its place.");
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(ConnectionString(path, SqliteOpenMode.ReadWriteCreate));
        connection.Open();
        // FULL: a commit is on the disk when it returns. Temporary tables stay off the disk, where nothing would erase them.
        // The time-out is for checkpoints, which wait so long for readers; nobody else writes.
        Execute(connection, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY; PRAGMA busy_timeout = 200");
        return connection;
    }

    private static void Migrate(SqliteConnection connection, string path)
    {
        // The lock of a process that was killed while it migrated; the data folder's own lock keeps others out.
        Execute(connection, "DROP TABLE IF EXISTS \"__EFMigrationsLock\"");
        using var db = new SqliteContext(Options(builder => builder.UseSqlite(connection)));
        var known = db.Database.GetMigrations().ToHashSet(StringComparer.Ordinal);
        if (db.Database.GetAppliedMigrations().FirstOrDefault(applied => !known.Contains(applied)) is { } later)
            throw new InvalidOperationException($"The database '{path}' was written by a later release ({later}). It was left as it is: start that release, or set DATA_PATH to another folder.");
        db.Database.Migrate();
    }

    private static void Execute(SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    private static string ConnectionString(string path, SqliteOpenMode mode) =>
        new SqliteConnectionStringBuilder { DataSource = path, Mode = mode, Pooling = false, ForeignKeys = true, DefaultTimeout = 5 }.ConnectionString;

    private async Task<SqliteContext> OpenReaderAsync(CancellationToken cancellationToken)
    {
        var db = new SqliteContext(_readOptions);
        try
        {
            await db.Database.OpenConnectionAsync(cancellationToken);
            await db.Database.ExecuteSqlRawAsync("PRAGMA query_only = ON; PRAGMA temp_store = MEMORY", cancellationToken);
            return db;
        }
        catch
        {
            await db.DisposeAsync();
            throw;
        }
    }

    private void CloseReaders()
    {
        while (_readers.TryTake(out var db)) db.Dispose();
    }
}
