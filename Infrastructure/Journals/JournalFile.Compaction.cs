using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;

namespace Deepfake.Infrastructure.Journals;

/// <summary>
/// Writing the file anew without its dropped lines. Which lines stay is decided at one moment; once all lines of that moment are on the disk, those that
/// stay are copied beside the writer. Then the writer, between two batches, copies everything that came since, dropped or not, and puts the new
/// file in the place of the old one. A line is dropped only after the one that overrules it was appended, so the new file always tells what the old one did.
/// </summary>
internal sealed partial class JournalFile
{
    /// <summary>A smaller file is written anew only for an erasure.</summary>
    internal const long MinCompactionBytes = 4 * 1024 * 1024;

    /// <summary>One compaction serves all erasures of this time.</summary>
    internal static readonly TimeSpan ErasureDelay = TimeSpan.FromSeconds(30);

    /// <summary>How long a compaction that failed is not tried again.</summary>
    internal static readonly TimeSpan RetryDelay = TimeSpan.FromMinutes(5);

    /// <summary>Rest after a compaction, as a multiple of its time: erasures in a large file may take a twentieth of the disk, not all of it.</summary>
    private const int RestFactor = 20;

    private const long DiskReserveBytes = 16 * 1024 * 1024;
    private readonly ITimer _timer;
    private readonly long _started;
    private List<JournalLine> _lines = [];
    private Task _compaction = Task.CompletedTask;
    private long _live;
    private bool _isCompacting;
    private TimeSpan? _eraseAt;
    private TimeSpan? _plannedFor;
    private TimeSpan _notBefore;

    /// <summary>Called at each step of a compaction; a test looks at the folder there, or lets it fail.</summary>
    internal Action<CompactionStep> Stepping { get; set; } = _ => { };

    private string NewPath => _path + ".new";

    private TimeSpan Now => _time.GetElapsedTime(_started);

    /// <summary>
    /// Says that lines no longer matter. What overrules them must have been appended before; all lines of one call go together.
    /// </summary>
    public void Drop(IEnumerable<JournalLine> lines)
    {
        lock (_queue)
        {
            foreach (var line in lines)
            {
                if (line.IsDropped) continue;
                line.IsDropped = true;
                _live -= line.Length;
            }

            Plan();
        }
    }

    /// <summary>Asks that everything dropped so far leaves the disk soon, within a minute unless the file is large.</summary>
    public void Erase()
    {
        lock (_queue)
        {
            _eraseAt ??= Now + ErasureDelay;
            Plan();
        }
    }

    private void Add(JournalLine line)
    {
        _lines.Add(line);
        _live += line.Length;
    }

    /// <summary>Sets the timer to when the next compaction is due. Called under the lock.</summary>
    private void Plan()
    {
        if (_isCompacting || _disposed != 0) return;
        var due = _live < _end / 2 && _end >= MinCompactionBytes ? Now : _eraseAt;
        if (due is not { } time) return;
        if (time < _notBefore) time = _notBefore;
        if (_plannedFor <= time) return;
        _plannedFor = time;
        var wait = time - Now;
        _timer.Change(wait > TimeSpan.Zero ? wait : TimeSpan.Zero, Timeout.InfiniteTimeSpan);
    }

    private void BeginCompaction()
    {
        lock (_queue)
        {
            _plannedFor = null;
            if (_isCompacting || _disposed != 0 || Fault is not null) return;
            _eraseAt = null;
            if (_live == _end) return;
            var compaction = Decide();
            Task written;
            try
            {
                written = Enqueue([], null);
            }
            catch (ObjectDisposedException)
            {
                return;
            }

            _isCompacting = true;
            _compaction = Task.Run(() => CompactAsync(compaction, written));
        }
    }

    private Compaction Decide() => new(_lines.FindAll(line => !line.IsDropped), _lines.Count, _live, _end);

    private async Task CompactAsync(Compaction compaction, Task written)
    {
        var began = _time.GetTimestamp();
        TimeSpan rest;
        try
        {
            await written;
            // Writers go on meanwhile: the copy must not take the last of the disk from them.
            if (new DriveInfo(Folder).AvailableFreeSpace < compaction.Live + DiskReserveBytes) throw new IOException("The disk has no room for a compacted copy.");
            CopyKept(compaction);
            Task replaced;
            lock (_queue) replaced = Enqueue([], compaction);
            await replaced;
            rest = RestFactor * _time.GetElapsedTime(began);
        }
        catch (Exception e)
        {
            Abandon(compaction, e);
            rest = RetryDelay;
            lock (_queue) _eraseAt ??= Now;
        }

        lock (_queue)
        {
            _isCompacting = false;
            _notBefore = Now + rest;
            Plan();
        }
    }

    /// <summary>Before the writer runs, with nothing queued.</summary>
    private void CompactAtStart()
    {
        var compaction = Decide();
        try
        {
            CopyKept(compaction);
            Replace(compaction, _end);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Abandon(compaction, e);
            lock (_queue)
            {
                (_eraseAt, _notBefore) = (Now, Now + RetryDelay);
                Plan();
            }

            return;
        }

        Adopt(compaction, _end);
    }

    private void CopyKept(Compaction compaction)
    {
        Stepping(CompactionStep.Decided);
        compaction.Target = File.OpenHandle(NewPath, FileMode.Create, FileAccess.ReadWrite, FileShare.None);
        Copy(compaction.Target, 0, compaction.Runs(), _stopping.Token);
        Flush(compaction.Target);
        Stepping(CompactionStep.Copied);
    }

    private bool TryReplace(Compaction compaction, long written, TaskCompletionSource replaced)
    {
        try
        {
            Replace(compaction, written);
            return true;
        }
        catch (Exception e)
        {
            replaced.SetException(e);
            return false;
        }
    }

    /// <summary>Brings the new file up to date and gives it the name. Whatever fails here leaves the old one as it is.</summary>
    private void Replace(Compaction compaction, long written)
    {
        Copy(compaction.Target!, compaction.Live, [(compaction.End, written)], CancellationToken.None);
        Flush(compaction.Target!);
        Stepping(CompactionStep.Complete);
        File.Move(NewPath, _path, overwrite: true);
    }

    /// <summary>Goes on in the new file. If its name cannot be made safe nobody knows which file a crash would leave: that is a fault.</summary>
    /// <returns>Its length.</returns>
    private long Adopt(Compaction compaction, long written)
    {
        Stepping(CompactionStep.Renamed);
        DiskFlush.Folder(Folder);
        SafeFileHandle old;
        lock (_queue)
        {
            for (var i = 0; i < compaction.Count; i++) _lines[i].Offset = -1;
            long offset = 0;
            foreach (var line in compaction.Kept)
            {
                line.Offset = offset;
                offset += line.Length;
            }

            foreach (var line in _lines.Skip(compaction.Count)) line.Offset += compaction.Shift;
            _lines = [.. compaction.Kept, .. _lines.Skip(compaction.Count)];
            _end += compaction.Shift;
            (old, _file) = (_file, compaction.Target!);
        }

        old.Dispose();
        LogCompacted(_logger, _path, written, written + compaction.Shift);
        Stepping(CompactionStep.Adopted);
        return written + compaction.Shift;
    }

    private void Abandon(Compaction compaction, Exception reason)
    {
        compaction.Target?.Dispose();
        if (_disposed == 0 && Fault is null) LogAbandoned(_logger, _path, RetryDelay, reason);
        try
        {
            File.Delete(NewPath);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The next compaction writes over it, the next start deletes it.
        }
    }

    private void Copy(SafeFileHandle target, long at, IEnumerable<(long From, long To)> runs, CancellationToken cancellationToken)
    {
        var buffer = new byte[1 << 20];
        var filled = 0;
        foreach (var (from, to) in runs)
        {
            for (var place = from; place < to;)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var read = RandomAccess.Read(_file, buffer.AsSpan(filled, (int)Math.Min(buffer.Length - filled, to - place)), place);
                if (read == 0) throw new InvalidDataException("The journal is shorter than it was.");
                place += read;
                filled += read;
                if (filled < buffer.Length) continue;
                RandomAccess.Write(target, buffer, at);
                (at, filled) = (at + filled, 0);
            }
        }

        RandomAccess.Write(target, buffer.AsSpan(0, filled), at);
    }

    [LoggerMessage(1106, LogLevel.Information, "{Path} was written anew: {Before} bytes became {After}")]
    private static partial void LogCompacted(ILogger logger, string path, long before, long after);

    [LoggerMessage(1107, LogLevel.Warning, "{Path} could not be written anew and stays as it is, with what was deleted; the next try is in {Delay}")]
    private static partial void LogAbandoned(ILogger logger, string path, TimeSpan delay, Exception exception);

    /// <summary>One compaction.</summary>
    /// <param name="Kept">Lines that were needed when it was decided, in their order.</param>
    /// <param name="Count">How many lines there were then.</param>
    /// <param name="Live">Bytes of the kept ones.</param>
    /// <param name="End">Bytes of all of them: what lies behind was appended since.</param>
    private sealed record Compaction(IReadOnlyList<JournalLine> Kept, int Count, long Live, long End)
    {
        /// <summary>The new file.</summary>
        public SafeFileHandle? Target { get; set; }

        /// <summary>By how much lines appended since move.</summary>
        public long Shift => Live - End;

        /// <summary>Where the kept lines lie, neighbours as one.</summary>
        public IEnumerable<(long From, long To)> Runs()
        {
            for (var i = 0; i < Kept.Count;)
            {
                long from = Kept[i].Offset, to = from;
                for (; i < Kept.Count && Kept[i].Offset == to; i++) to += Kept[i].Length;
                yield return (from, to);
            }
        }
    }
}

/// <summary>How far a compaction is.</summary>
internal enum CompactionStep
{
    /// <summary>All lines that matter are on the disk in the old file.</summary>
    Decided,

    /// <summary>Those that stay are in the new one too.</summary>
    Copied,

    /// <summary>The new file holds everything.</summary>
    Complete,

    /// <summary>It has the name.</summary>
    Renamed,

    /// <summary>Reads and writes go to it.</summary>
    Adopted,
}
