namespace Deepfake.Infrastructure.Analyses;

/// <summary>Wakes those who watch an analysis in this process.</summary>
internal sealed class ChangeSignals
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Topic> _topics = [];

    /// <summary>Begins to watch; disposing ends it.</summary>
    public Watcher Watch(string id)
    {
        lock (_gate)
        {
            if (!_topics.TryGetValue(id, out var topic)) _topics.Add(id, topic = new Topic());
            topic.Watchers++;
            return new Watcher(this, id, topic);
        }
    }

    /// <summary>Says that something changed.</summary>
    public void Signal(string id)
    {
        lock (_gate)
        {
            if (_topics.TryGetValue(id, out var topic)) topic.Signal();
        }
    }

    private void Leave(string id, Topic topic)
    {
        lock (_gate)
        {
            if (--topic.Watchers == 0) _topics.Remove(id);
        }
    }

    /// <summary>One who watches.</summary>
    internal sealed class Watcher(ChangeSignals signals, string id, Topic topic) : IDisposable
    {
        /// <summary>Ends at the next change.</summary>
        public Task Changed => topic.Changed;

        /// <inheritdoc/>
        public void Dispose() => signals.Leave(id, topic);
    }

    /// <summary>An analysis that is watched.</summary>
    internal sealed class Topic
    {
        private volatile TaskCompletionSource _changed = New();

        public int Watchers { get; set; }

        public Task Changed => _changed.Task;

        public void Signal()
        {
            var changed = _changed;
            _changed = New();
            changed.SetResult();
        }

        private static TaskCompletionSource New() => new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
