namespace Deepfake.Infrastructure.Tests.Journals;

/// <summary>Stands still until it is moved, its timers too.</summary>
internal sealed class SteppedClock : TimeProvider
{
    private readonly Lock _gate = new();
    private readonly List<Alarm> _alarms = [];
    private long _ticks = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero).Ticks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public override long GetTimestamp() => Interlocked.Read(ref _ticks);

    public override DateTimeOffset GetUtcNow() => new(GetTimestamp(), TimeSpan.Zero);

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var alarm = new Alarm(this, () => callback(state));
        lock (_gate) _alarms.Add(alarm);
        alarm.Change(dueTime, period);
        return alarm;
    }

    public void Advance(TimeSpan by)
    {
        Interlocked.Add(ref _ticks, by.Ticks);
        Ring();
    }

    /// <summary>Moves to the next time a timer waits for; stands still if none does.</summary>
    public void AdvanceToAlarm()
    {
        lock (_gate)
        {
            if (_alarms.Min(alarm => alarm.Due) is not { } due) return;
            Interlocked.Exchange(ref _ticks, Math.Max(due, GetTimestamp()));
        }

        Ring();
    }

    private void Ring()
    {
        lock (_gate)
        {
            foreach (var alarm in _alarms)
            {
                if (alarm.Due is not { } due || due > GetTimestamp()) continue;
                alarm.Due = null;
                ThreadPool.QueueUserWorkItem(_ => alarm.Call());
            }
        }
    }

    private sealed class Alarm(SteppedClock clock, Action call) : ITimer
    {
        public long? Due { get; set; }

        public Action Call { get; } = call;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            lock (clock._gate) Due = dueTime == Timeout.InfiniteTimeSpan ? null : clock.GetTimestamp() + dueTime.Ticks;
            clock.Ring();
            return true;
        }

        public void Dispose() => Change(Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
