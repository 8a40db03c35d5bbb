using System.Buffers;
using System.Globalization;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Deepfake.Infrastructure.Journals;

/// <summary>
/// An append-only file of JSON lines, each behind the CRC-32C of its text as eight hex digits. Writers queue up and share one flush to
/// the disk. Lines behind the last one that fits its checksum were torn by a crash and are cut off; a line before it that does not fit is damage:
/// it is left out, what stands behind it holds, and the whole file is kept beside. Lines that their owner dropped leave the disk when the file
/// is written anew: at the start and while it is in use.
/// </summary>
internal sealed partial class JournalFile : IDisposable
{
    private const int MaxBatchBytes = 4 * 1024 * 1024;
    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly string _path;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private SafeFileHandle _file;
    private Task _writer = Task.CompletedTask;
    private long _end;
    private int _disposed;

    /// <summary>Opens or creates a journal. <see cref="Replay"/> and then <see cref="Start"/> follow, once each.</summary>
    /// <exception cref="IOException">Another process has it open, or the disk fails.</exception>
    public JournalFile(string path, TimeProvider time, ILogger logger)
    {
        (_path, _time, _logger) = (Path.GetFullPath(path), time, logger);
        Directory.CreateDirectory(Folder);
        _file = File.OpenHandle(_path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        _started = time.GetTimestamp();
        _timer = time.CreateTimer(_ => BeginCompaction(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>Why the journal takes no more records; null while it does. After a failed write or flush nobody knows what is on the disk.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Brings to the disk what was written; a test may hold it back, or let it fail.</summary>
    internal Action<SafeFileHandle> Flush { get; set; } = RandomAccess.FlushToDisk;

    private string Folder => Path.GetDirectoryName(_path)!;

    /// <summary>Hands over every record, the oldest first. Its owner may drop lines meanwhile.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Replay(JournalHandler apply)
    {
        try
        {
            File.Delete(NewPath);
            var found = JournalScan.Read(_file, (json, line) =>
            {
                Add(line);
                apply(json, line);
            });
            Repair(found);
            _end = found.End;
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Lets the dropped lines leave the disk, and takes records from now on.</summary>
    /// <exception cref="IOException">The disk fails.</exception>
    public void Start()
    {
        try
        {
            if (_live < _end) CompactAtStart();
            DiskFlush.Folder(Folder);
            _writer = Task.Run(WriteAsync);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>
    /// Queues a record. The order of calls is the order in the file; a caller that needs it to match its own state calls under its lock.
    /// </summary>
    /// <returns>The line, and a task that ends when it is on the disk.</returns>
    public (JournalLine Line, Task Durable) Append(ReadOnlySpan<byte> json)
    {
        var text = JournalScan.ToLine(json);
        lock (_queue)
        {
            var durable = Enqueue(text, null);
            var line = new JournalLine(_end, text.Length);
            Add(line);
            _end += line.Length;
            return (line, durable);
        }
    }

    /// <summary>Reads a record that is on the disk.</summary>
    /// <returns>Null if its owner dropped it and it has left the file since.</returns>
    /// <exception cref="InvalidDataException">Its checksum does not fit.</exception>
    public async Task<ReadOnlyMemory<byte>?> ReadAsync(JournalLine line, CancellationToken cancellationToken)
    {
        SafeFileHandle file;
        long offset;
        var isHeld = false;
        lock (_queue)
        {
            if (line.Offset < 0) return null;
            (file, offset) = (_file, line.Offset);
            file.DangerousAddRef(ref isHeld); // a file that was replaced stays open for its last reader
        }

        try
        {
            var text = new byte[line.Length];
            for (var read = 0; read < text.Length;)
            {
                var got = await RandomAccess.ReadAsync(file, text.AsMemory(read), offset + read, cancellationToken);
                if (got == 0) throw new InvalidDataException("The journal is shorter than it was.");
                read += got;
            }

            return JournalScan.IsWhole(text.AsSpan(0, text.Length - 1))
                ? text.AsMemory(JournalScan.ChecksumLength, text.Length - JournalScan.ChecksumLength - 1)
                : throw new InvalidDataException("A record of the journal does not fit its checksum.");
        }
        finally
        {
            file.DangerousRelease();
        }
    }

    /// <summary>Writes what is queued and closes the file.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _stopping.Cancel();
        _queue.Writer.TryComplete();
        _timer.Dispose();
        _writer.GetAwaiter().GetResult();
        Task compaction;
        lock (_queue) compaction = _compaction;
        compaction.GetAwaiter().GetResult();
        _file.Dispose();
        _stopping.Dispose();
    }

    /// <summary>Called under the lock.</summary>
    private Task Enqueue(byte[] text, Compaction? compaction)
    {
        if (Fault is { } fault) throw new IOException("The journal is closed after a failure of the disk.", fault);
        var pending = new Pending(text, compaction, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(pending), this);
        return pending.Written.Task;
    }

    private async Task WriteAsync()
    {
        var reader = _queue.Reader;
        var written = RandomAccess.GetLength(_file);
        var batch = new List<Pending>();
        var buffer = new ArrayBufferWriter<byte>(64 * 1024);
        while (await reader.WaitToReadAsync())
        {
            batch.Clear();
            buffer.ResetWrittenCount();
            Pending pending = default;
            while (pending.Compaction is null && buffer.WrittenCount < MaxBatchBytes && reader.TryRead(out pending))
            {
                batch.Add(pending);
                buffer.Write(pending.Line);
            }

            try
            {
                if (buffer.WrittenCount > 0)
                {
                    RandomAccess.Write(_file, buffer.WrittenSpan, written);
                    Flush(_file);
                    written += buffer.WrittenCount;
                }

                if (pending is { Compaction: { } compaction } && TryReplace(compaction, written, pending.Written)) written = Adopt(compaction, written);
                foreach (var one in batch) one.Written.TrySetResult();
            }
            catch (Exception e)
            {
                Close(e, batch);
                return;
            }
        }
    }

    private void Close(Exception fault, List<Pending> batch)
    {
        LogFault(_logger, fault);
        lock (_queue)
        {
            Fault = fault;
            _queue.Writer.TryComplete();
        }

        while (_queue.Reader.TryRead(out var pending)) batch.Add(pending);
        foreach (var pending in batch) pending.Written.TrySetException(new IOException("The journal could not be written.", fault));
    }

    /// <summary>Cuts off what is behind the last good line; keeps the whole file if that or something before it is damage.</summary>
    private void Repair(JournalScan found)
    {
        var length = RandomAccess.GetLength(_file);
        if (found.DamagedBytes > 0 || JournalScan.HasLineAfter(_file, found.End))
        {
            // Not the tail of a crash: somebody should look.
            var kept = $"{_path}.damaged-{DateTime.UtcNow.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}";
            using (var copy = File.OpenHandle(kept, FileMode.Create, FileAccess.Write, FileShare.None))
                Copy(copy, 0, [(0, length)], CancellationToken.None);
            LogDamage(_logger, _path, found.FirstDamage ?? found.End, found.DamagedBytes + length - found.End, kept);
        }
        else if (found.End < length)
        {
            LogTorn(_logger, _path, length - found.End);
        }

        if (found.End == length) return;
        RandomAccess.SetLength(_file, found.End);
        RandomAccess.FlushToDisk(_file);
    }

    [LoggerMessage(1101, LogLevel.Information, "{Path}: {Bytes} bytes that a crash tore off were dropped")]
    private static partial void LogTorn(ILogger logger, string path, long bytes);

    [LoggerMessage(1102, LogLevel.Error, "{Path} is damaged at byte {Offset}: {Bytes} bytes could not be read and are left out; the whole file was kept as {Kept}")]
    private static partial void LogDamage(ILogger logger, string path, long offset, long bytes, string kept);

    [LoggerMessage(1103, LogLevel.Critical, "The journal cannot be written and takes no more records; restart the process when the disk is well")]
    private static partial void LogFault(ILogger logger, Exception exception);

    /// <summary>What waits for the writer.</summary>
    /// <param name="Line">Its bytes; none for what only waits for those before it.</param>
    /// <param name="Compaction">Takes over behind this.</param>
    /// <param name="Written">Ends when it is on the disk.</param>
    private readonly record struct Pending(byte[] Line, Compaction? Compaction, TaskCompletionSource Written);
}
