using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Fetching;

/// <summary>
/// The body of an answer; stops with the time of the fetch, or when the server brings it too slowly, and tells its own failures from those
/// of who reads it. Only time in which the server was waited for counts.
/// </summary>
internal sealed class FetchedStream : ForwardStream
{
    /// <summary>Bytes per second that a server brings at least, as of a client that uploads.</summary>
    public const int MinimumRate = 8 * 1024;

    /// <summary>Over how long that is measured.</summary>
    public static readonly TimeSpan Window = TimeSpan.FromSeconds(15);

    private readonly Stream _body;
    private readonly TimeProvider _time;
    private readonly CancellationToken _stop;
    private readonly CancellationTokenSource _slow = new();
    private readonly ITimer _timer;
    private readonly Lock _gate = new();
    private TimeSpan _waited;
    private long? _waitsSince;
    private long _bytes;

    public FetchedStream(Stream body, TimeProvider time, CancellationToken stop)
    {
        (_body, _time, _stop) = (body, time, stop);
        _timer = time.CreateTimer(_ => Measure(), null, Window, Window);
    }

    /// <summary>What ended it early.</summary>
    public Exception? Failure { get; private set; }

    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        try
        {
            using var any = CancellationTokenSource.CreateLinkedTokenSource(_stop, _slow.Token, cancellationToken);
            lock (_gate) _waitsSince = _time.GetTimestamp();
            var read = await _body.ReadAsync(buffer, any.Token);
            lock (_gate)
            {
                _bytes += read;
                Wait();
                _waitsSince = null;
            }

            return read;
        }
        catch (Exception e)
        {
            Failure = _slow.IsCancellationRequested ? new TooSlowException(e) : e;
            // The reader's own token is not cancelled: to it, this is a stream that broke.
            if (e is OperationCanceledException && !cancellationToken.IsCancellationRequested) throw new IOException("The fetch ran out of time.", e);
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _timer.Dispose();
            _body.Dispose();
        }

        base.Dispose(disposing);
    }

    private void Measure()
    {
        bool isSlow;
        lock (_gate)
        {
            Wait();
            // A window in which the reader had other things to do tells little of the server.
            isSlow = _waited >= Window / 2 && _bytes < MinimumRate * _waited.TotalSeconds;
            (_waited, _bytes) = (TimeSpan.Zero, 0);
        }

        if (isSlow) _slow.Cancel(); // outside: the reader goes on right here
    }

    private void Wait()
    {
        if (_waitsSince is not { } since) return;
        var now = _time.GetTimestamp();
        _waited += _time.GetElapsedTime(since, now);
        _waitsSince = now;
    }
}

/// <summary>A server brings less than it must.</summary>
internal sealed class TooSlowException(Exception inner) : IOException("The server sends too slowly.", inner);
