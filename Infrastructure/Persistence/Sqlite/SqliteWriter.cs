using System.Collections.Concurrent;
using System.Diagnostics;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Persistence.Sqlite;

/// <summary>
/// The one writer of the database, on a thread of its own. Changes that wait together are committed together, so that they share one flush to the disk
/// (group commit); nobody hears of a change, of its failure or of a race it lost before that. Some time after a write the write-ahead log is emptied:
/// with <c>secure_delete</c> that is when deleted and replaced data leave the disk. If rows were deleted, a file that is not too large is also rewritten then
/// (<c>VACUUM</c>): where SQLite moved a row between pages, a copy of it can stay in the unused part of a page, which <c>secure_delete</c> does not erase.
/// </summary>
internal sealed partial class SqliteWriter : IDisposable
{
    private const int MaxBatch = 128;
    private const long MaxVacuumBytes = 32L * 1024 * 1024;

    /// <summary>Vacuuming takes at most this part of the writer's time.</summary>
    private const double MaxVacuumShare = 0.01;

    private static readonly TimeSpan RetryDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan VacuumStartDelay = TimeSpan.FromSeconds(2); // the first requests do not wait for it
    private static readonly TimeSpan VacuumRetryDelay = TimeSpan.FromMinutes(1);

    private readonly BlockingCollection<Change> _queue = [];
    private readonly SqliteConnection _connection;
    private readonly SqliteContext _db; // tracks nothing
    private readonly ILogger _logger;
    private readonly Thread _thread;
    private volatile Exception? _fault;
    private long? _checkpointDue; // of Stopwatch
    private long _vacuumAllowed; // of Stopwatch
    private bool _rowsDeleted = true; // a process that was killed may have deleted some
    private int _disposed;

    /// <summary>Starts it.</summary>
    /// <param name="connection">Open and set up; belongs to the writer from now on.</param>
    /// <param name="logger">For events.</param>
    public SqliteWriter(SqliteConnection connection, ILogger logger)
    {
        (_connection, _logger) = (connection, logger);
        _db = new SqliteContext(SqliteDatabase.Options(builder => builder.UseSqlite(connection)));
        SQLitePCL.raw.sqlite3_update_hook(connection.Handle, OnRowChanged, null);
        _checkpointDue = Stopwatch.GetTimestamp(); // what a crash left in the log
        _vacuumAllowed = After(VacuumStartDelay);
        _thread = new Thread(Run) { IsBackground = true, Name = "SQLite writer" };
        _thread.Start();
    }

    /// <summary>Why the last commit failed; null if it did not.</summary>
    public Exception? Fault => _fault;

    /// <summary>How long a write may stay in the log.</summary>
    internal TimeSpan CheckpointDelay { get; set; } = TimeSpan.FromSeconds(20);

    /// <summary>Files larger than this are not vacuumed.</summary>
    internal long VacuumBytes { get; set; } = MaxVacuumBytes;

    /// <summary>Called before each commit, for tests that hold it back or let it fail.</summary>
    internal Action<SqliteConnection> Committing { get; set; } = _ => { };

    /// <summary>Queues a change. It is on the disk when the task completes.</summary>
    /// <param name="apply">Called on the writer's thread inside a transaction; an exception of it undoes this change alone.</param>
    /// <exception cref="ObjectDisposedException">The writer was closed.</exception>
    public Task<T> WriteAsync<T>(Func<SqliteContext, Task<T>> apply)
    {
        var change = new Change<T>(apply);
        try
        {
            _queue.Add(change);
        }
        catch (InvalidOperationException e) // completed
        {
            throw new ObjectDisposedException("The database is closed.", e);
        }

        return change.Committed;
    }

    /// <summary>Finds out whether the disk takes writes.</summary>
    public Task<int> ProbeAsync() => WriteAsync(db => db.Database.ExecuteSqlRawAsync("PRAGMA user_version = 0"));

    /// <summary>Writes what is queued and closes the connection.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _queue.CompleteAdding();
        _thread.Join();
        _db.Dispose();
        _connection.Dispose();
        _queue.Dispose();
    }

    private void Run()
    {
        var batch = new List<Change>(MaxBatch);
        while (!_queue.IsCompleted)
        {
            if (_queue.TryTake(out var change, UntilCheckpoint()))
            {
                do batch.Add(change);
                while (batch.Count < MaxBatch && _queue.TryTake(out change));
                Commit(batch);
                batch.Clear();
                _checkpointDue ??= After(CheckpointDelay);
            }

            if (_checkpointDue <= Stopwatch.GetTimestamp()) Clean(closing: false);
        }

        Clean(closing: true);
    }

    /// <summary>Removes from the disk what was deleted. Where it is not yet time to vacuum, another call becomes due for that.</summary>
    private void Clean(bool closing)
    {
        if (_rowsDeleted && (closing || _vacuumAllowed <= Stopwatch.GetTimestamp())) Vacuum();
        Checkpoint();
        if (_rowsDeleted) _checkpointDue ??= _vacuumAllowed;
    }

    private void Vacuum()
    {
        var began = Stopwatch.GetTimestamp();
        try
        {
            if (FileBytes() <= VacuumBytes) _db.Execute($"VACUUM");
            _rowsDeleted = false;
            _vacuumAllowed = After(Stopwatch.GetElapsedTime(began) / MaxVacuumShare);
        }
        catch (SqliteException e)
        {
            LogVacuum(_logger, e);
            _vacuumAllowed = After(VacuumRetryDelay);
        }
    }

    private long FileBytes() => _db.Database.SqlQuery<long>($"SELECT page_count * page_size AS Value FROM pragma_page_count, pragma_page_size").Single();

    // Parts are deleted with every analysis that ends; the result says the same, and when that is deleted, both leave the file.
    private void OnRowChanged(object state, int type, SQLitePCL.utf8z database, SQLitePCL.utf8z table, long row) =>
        _rowsDeleted |= type == SQLitePCL.raw.SQLITE_DELETE && table.utf8_to_string() != "analysis_parts";

    private void Commit(List<Change> batch)
    {
        try
        {
            using (var transaction = _connection.BeginTransaction())
            {
                _db.Database.UseTransaction(transaction);
                foreach (var change in batch)
                {
                    _db.Execute($"SAVEPOINT change");
                    if (!change.TryApply(_db)) _db.Execute($"ROLLBACK TO change");
                    _db.Execute($"RELEASE change");
                }

                Committing(_connection);
                transaction.Commit();
            }

            _db.Database.UseTransaction(null);

            if (_fault is not null) LogWell(_logger);
            _fault = null;
        }
        catch (Exception e)
        {
            if (_fault is null) LogFault(_logger, e);
            _fault = e;
            _db.Database.UseTransaction(null);
            // An exception of their own each: they are thrown in as many places.
            foreach (var change in batch) change.Fail(new IOException("The database could not be written.", e));
            return;
        }

        foreach (var change in batch) change.Complete();
    }

    /// <summary>Copies the log into the file and empties it; later, if readers are in the way.</summary>
    private void Checkpoint()
    {
        try
        {
            using var command = _connection.CreateCommand();
            command.CommandText = "PRAGMA wal_checkpoint(TRUNCATE)";
            using var reader = command.ExecuteReader();
            _checkpointDue = reader.Read() && reader.GetInt64(0) == 0 ? null : After(RetryDelay);
        }
        catch (SqliteException e)
        {
            LogCheckpoint(_logger, e);
            _checkpointDue = After(RetryDelay);
        }
    }

    private TimeSpan UntilCheckpoint()
    {
        if (_checkpointDue is not { } due) return Timeout.InfiniteTimeSpan;
        var rest = Stopwatch.GetElapsedTime(Stopwatch.GetTimestamp(), due);
        return rest > TimeSpan.Zero ? rest : TimeSpan.Zero;
    }

    private static long After(TimeSpan delay) => Stopwatch.GetTimestamp() + (long)(delay.TotalSeconds * Stopwatch.Frequency);

    [LoggerMessage(1101, LogLevel.Critical, "The database cannot be written: nothing is accepted until it can")]
    private static partial void LogFault(ILogger logger, Exception exception);

    [LoggerMessage(1102, LogLevel.Information, "The database can be written again")]
    private static partial void LogWell(ILogger logger);

    [LoggerMessage(1103, LogLevel.Warning, "The write-ahead log could not be emptied; it is tried again")]
    private static partial void LogCheckpoint(ILogger logger, Exception exception);

    [LoggerMessage(1104, LogLevel.Warning, "The database could not be vacuumed; it is tried again")]
    private static partial void LogVacuum(ILogger logger, Exception exception);

    private abstract class Change
    {
        /// <summary>Makes the change; nothing is told yet.</summary>
        /// <returns>False where it has to be undone.</returns>
        /// <exception cref="SqliteException">The database fails, and with it all changes of the transaction.</exception>
        public abstract bool TryApply(SqliteContext db);

        public abstract void Complete();

        public abstract void Fail(Exception exception);

        /// <summary>Whether an error concerns one statement and not the database.</summary>
        protected static bool IsOwn(Exception exception) =>
            exception is not SqliteException { SqliteErrorCode: not (SQLitePCL.raw.SQLITE_ERROR or SQLitePCL.raw.SQLITE_CONSTRAINT or SQLitePCL.raw.SQLITE_TOOBIG or SQLitePCL.raw.SQLITE_MISMATCH) };
    }

    private sealed class Change<T>(Func<SqliteContext, Task<T>> apply) : Change
    {
        private readonly TaskCompletionSource<T> _committed = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private T? _answer;
        private Exception? _refusal;

        public Task<T> Committed => _committed.Task;

        public override bool TryApply(SqliteContext db)
        {
            try
            {
                // SQLite works on the calling thread: the task is done when it is returned.
                _answer = apply(db).GetAwaiter().GetResult();
                return true;
            }
            catch (Exception e) when (IsOwn(e))
            {
                _refusal = e;
                return false;
            }
        }

        public override void Complete()
        {
            if (_refusal is { } refusal) _committed.SetException(refusal);
            else _committed.SetResult(_answer!);
        }

        public override void Fail(Exception exception) => _committed.SetException(exception);
    }
}
