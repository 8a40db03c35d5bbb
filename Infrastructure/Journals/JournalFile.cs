using System.Buffers;
using System.Globalization;
using System.Numerics;
using System.Text;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Deepfake.Infrastructure.Journals;

/// <summary>Where a record lies in its journal.</summary>
/// <param name="Offset">First byte of the line.</param>
/// <param name="Length">Bytes of the line with checksum and line feed.</param>
internal readonly record struct JournalSpan(long Offset, int Length);

/// <summary>What a journal is read into.</summary>
internal interface IJournalReader
{
    /// <summary>Forgets everything: the journal is about to be read from its start.</summary>
    void Reset();

    /// <summary>Takes in one record, in the order of writing.</summary>
    void Apply(ReadOnlySpan<byte> json, JournalSpan span);

    /// <summary>Asked after all records were taken in: whether this one still matters.</summary>
    bool Keeps(ReadOnlySpan<byte> json, JournalSpan span);
}

/// <summary>
/// An append-only file of JSON lines, each behind the CRC-32C of its text as eight hex digits. Writers queue up and share one flush to
/// the disk. Lines behind the last one that fits its checksum were torn by a crash and are cut off; a line before it that does not fit is damage:
/// it is left out, what stands behind it holds, and the whole file is kept beside.
/// </summary>
internal sealed partial class JournalFile : IDisposable
{
    private const int ChecksumLength = 9; // eight digits and a space
    private const int MaxBatchBytes = 4 * 1024 * 1024;
    private readonly Channel<Pending> _queue = Channel.CreateUnbounded<Pending>(new UnboundedChannelOptions { SingleReader = true });
    private readonly SafeFileHandle _file;
    private readonly Task _writer;
    private readonly ILogger _logger;
    private long _end;
    private int _disposed;

    private JournalFile(SafeFileHandle file, long length, ILogger logger)
    {
        (_file, _end, _logger) = (file, length, logger);
        _writer = Task.Run(WriteAsync);
    }

    /// <summary>Why the journal takes no more records; null while it does. After a failed write or flush nobody knows what is on the disk.</summary>
    public Exception? Fault { get; private set; }

    /// <summary>Brings to the disk what was written; a test may hold it back, or let it fail.</summary>
    internal Action<SafeFileHandle> Flush { get; set; } = RandomAccess.FlushToDisk;

    /// <summary>Opens or creates a journal, drops the records that no longer matter, and reads the rest.</summary>
    /// <exception cref="IOException">Another process has it open, or the disk fails.</exception>
    public static JournalFile Open(string path, IJournalReader reader, ILogger logger)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(path)!);
        var compacted = path + ".new";
        File.Delete(compacted);
        var length = Replay(path, reader, logger);
        if (Compact(path, compacted, length, reader))
        {
            File.Move(compacted, path, overwrite: true);
            DiskFlush.Folder(Path.GetDirectoryName(path)!);
            length = Replay(path, reader, logger);
        }

        var file = File.OpenHandle(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        DiskFlush.Folder(Path.GetDirectoryName(path)!);
        return new JournalFile(file, length, logger);
    }

    /// <summary>
    /// Queues a record. The order of calls is the order in the file; a caller that needs it to match its own state calls under its lock.
    /// </summary>
    /// <returns>Where it will lie, and a task that ends when it is on the disk.</returns>
    public (JournalSpan Span, Task Durable) Append(ReadOnlySpan<byte> json)
    {
        var line = new byte[ChecksumLength + json.Length + 1];
        json.CopyTo(line.AsSpan(ChecksumLength));
        Encoding.ASCII.GetBytes($"{Checksum(json):x8} ", line);
        line[^1] = (byte)'\n';
        var pending = new Pending(line, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        lock (_queue)
        {
            if (Fault is { } fault) throw new IOException("The journal is closed after a failure of the disk.", fault);
            ObjectDisposedException.ThrowIf(!_queue.Writer.TryWrite(pending), this);
            var span = new JournalSpan(_end, line.Length);
            _end += line.Length;
            return (span, pending.Written.Task);
        }
    }

    /// <summary>Reads a record that is on the disk.</summary>
    /// <exception cref="InvalidDataException">Its checksum does not fit.</exception>
    public async Task<ReadOnlyMemory<byte>> ReadAsync(JournalSpan span, CancellationToken cancellationToken)
    {
        var line = new byte[span.Length];
        for (var read = 0; read < line.Length;)
        {
            var got = await RandomAccess.ReadAsync(_file, line.AsMemory(read), span.Offset + read, cancellationToken);
            if (got == 0) throw new InvalidDataException("The journal is shorter than it was.");
            read += got;
        }

        return TryParse(line.AsSpan(0, line.Length - 1)) ? line.AsMemory(ChecksumLength, line.Length - ChecksumLength - 1) : throw new InvalidDataException("A record of the journal does not fit its checksum.");
    }

    /// <summary>Writes what is queued and closes the file.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) != 0) return;
        _queue.Writer.TryComplete();
        _writer.GetAwaiter().GetResult();
        _file.Dispose();
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
            while (buffer.WrittenCount < MaxBatchBytes && reader.TryRead(out var pending))
            {
                batch.Add(pending);
                buffer.Write(pending.Line);
            }

            try
            {
                RandomAccess.Write(_file, buffer.WrittenSpan, written);
                Flush(_file);
                written += buffer.WrittenCount;
                foreach (var pending in batch) pending.Written.SetResult();
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
        foreach (var pending in batch) pending.Written.SetException(new IOException("The journal could not be written.", fault));
    }

    /// <returns>Length of the readable part; the file is cut there.</returns>
    private static long Replay(string path, IJournalReader reader, ILogger logger)
    {
        reader.Reset();
        if (!File.Exists(path)) return 0;
        Scanned found;
        long length;
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16))
        {
            length = file.Length;
            found = Scan(file, (line, span) => reader.Apply(line, span));
        }

        if (found.DamagedBytes > 0 || HasLineAfter(path, found.End))
        {
            // Not the tail of a crash: somebody should look.
            var kept = $"{path}.damaged-{DateTime.UtcNow.ToString("yyyyMMddHHmmss", CultureInfo.InvariantCulture)}";
            File.Copy(path, kept, overwrite: true);
            LogDamage(logger, path, found.FirstDamage ?? found.End, found.DamagedBytes + length - found.End, kept);
        }
        else if (found.End < length)
        {
            LogTorn(logger, path, length - found.End);
        }

        if (found.End == length) return length;
        using var cut = File.OpenHandle(path, FileMode.Open, FileAccess.Write);
        RandomAccess.SetLength(cut, found.End);
        RandomAccess.FlushToDisk(cut);
        return found.End;
    }

    private static bool Compact(string path, string target, long length, IJournalReader reader)
    {
        if (length == 0) return false;
        var dropped = 0;
        bool isDamaged;
        using (var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16))
        using (var output = new FileStream(target, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 16))
        {
            isDamaged = Scan(file, (line, span) =>
            {
                if (!reader.Keeps(line, span))
                {
                    dropped++;
                    return;
                }

                output.Write(Encoding.ASCII.GetBytes($"{Checksum(line):x8} "));
                output.Write(line);
                output.WriteByte((byte)'\n');
            }).DamagedBytes > 0;
            output.Flush(flushToDisk: true);
        }

        if (dropped > 0 || isDamaged) return true;
        File.Delete(target);
        return false;
    }

    private delegate void LineHandler(ReadOnlySpan<byte> json, JournalSpan span);

    private static Scanned Scan(FileStream file, LineHandler handle)
    {
        var buffer = new byte[1 << 16];
        int start = 0, filled = 0, searched = 0;
        var found = new Scanned();
        long offset = 0;
        for (; ; )
        {
            var feed = buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                var end = searched + feed;
                var line = buffer.AsSpan(start, end - start);
                var span = new JournalSpan(offset, end + 1 - start);
                offset += span.Length;
                start = searched = end + 1;
                if (!TryParse(line)) continue;
                handle(line[ChecksumLength..], span);
                found = found.With(span);
                continue;
            }

            searched = filled;
            if (start > 0)
            {
                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                (filled, searched, start) = (filled - start, searched - start, 0);
            }

            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = file.Read(buffer, filled, buffer.Length - filled);
            if (read == 0) return found;
            filled += read;
        }
    }

    private static bool HasLineAfter(string path, long offset)
    {
        using var file = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 16);
        file.Position = offset;
        for (int value; (value = file.ReadByte()) >= 0;)
        {
            if (value == '\n') return file.Position < file.Length;
        }

        return false;
    }

    private static bool TryParse(ReadOnlySpan<byte> line) =>
        line.Length > ChecksumLength && line[ChecksumLength - 1] == ' '
        && uint.TryParse(line[..(ChecksumLength - 1)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum)
        && sum == Checksum(line[ChecksumLength..]);

    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..]) crc = BitOperations.Crc32C(crc, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (var value in data) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }

    [LoggerMessage(1101, LogLevel.Information, "{Path}: {Bytes} bytes that a crash tore off were dropped")]
    private static partial void LogTorn(ILogger logger, string path, long bytes);

    [LoggerMessage(1102, LogLevel.Error, "{Path} is damaged at byte {Offset}: {Bytes} bytes could not be read and are left out; the whole file was kept as {Kept}")]
    private static partial void LogDamage(ILogger logger, string path, long offset, long bytes, string kept);

    [LoggerMessage(1103, LogLevel.Critical, "The journal cannot be written and takes no more records; restart the process when the disk is well")]
    private static partial void LogFault(ILogger logger, Exception exception);

    /// <summary>What a file holds: where its last good line ends, and the lines before that are not.</summary>
    private readonly record struct Scanned(long End, long? FirstDamage, long DamagedBytes)
    {
        public Scanned With(JournalSpan good) =>
            new(good.Offset + good.Length, good.Offset > End ? FirstDamage ?? End : FirstDamage, DamagedBytes + good.Offset - End);
    }

    private readonly record struct Pending(byte[] Line, TaskCompletionSource Written);
}
