namespace Deepfake.InferenceWorker.Inference;

/// <summary>Watches whether runs of networks come to an end while there is work. A run inside a driver cannot be broken off, only noticed.</summary>
/// <param name="time">The clock.</param>
public sealed class RunWatch(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly List<Entry> _running = [];
    private int _waiting;
    private long _progress = time.GetTimestamp();

    /// <summary>For how long nothing has come to an end that should: the oldest run, or work that waits. Zero while there is nothing to do.</summary>
    public TimeSpan Silence
    {
        get
        {
            lock (_gate)
            {
                var silence = _waiting > 0 ? time.GetElapsedTime(_progress) : TimeSpan.Zero;
                foreach (var run in _running)
                {
                    if (time.GetElapsedTime(run.Began) is var length && length > silence) silence = length;
                }

                return silence;
            }
        }
    }

    /// <summary>Notes that work has come; dispose when it is done or nobody wants it any more.</summary>
    public IDisposable Wait()
    {
        lock (_gate)
        {
            if (_waiting++ == 0) _progress = time.GetTimestamp();
            return new Entry(this, 0);
        }
    }

    /// <summary>Notes that a run begins; dispose when it has ended.</summary>
    public IDisposable Run()
    {
        lock (_gate)
        {
            var run = new Entry(this, time.GetTimestamp());
            _running.Add(run);
            return run;
        }
    }

    private void End(Entry entry)
    {
        lock (_gate)
        {
            if (_running.Remove(entry)) _progress = time.GetTimestamp();
            else _waiting--;
        }
    }

    private sealed class Entry(RunWatch watch, long began) : IDisposable
    {
        private int _ended;

        public long Began => began;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _ended, 1) == 0) watch.End(this);
        }
    }
}
