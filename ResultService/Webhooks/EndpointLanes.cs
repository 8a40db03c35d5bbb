namespace Deepfake.ResultService.Webhooks;

/// <summary>
/// Which endpoints this process is sending to. An endpoint gets so many attempts at a time, and as many waiting as it can be expected to
/// take soon; what is due beyond that has to come back later, so that the deliveries of a slow receiver make way for those of the others.
/// </summary>
/// <typeparam name="T">What waits.</typeparam>
public sealed class EndpointLanes<T>(int attemptsAtOnce)
    where T : class
{
    private const int MostWaiting = 256;
    private static readonly TimeSpan Soon = TimeSpan.FromSeconds(8);
    private static readonly TimeSpan ShortestDelay = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan LongestDelay = TimeSpan.FromMinutes(1);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Lane> _lanes = [];

    /// <summary>How long to stay away from an endpoint; null if there is room.</summary>
    public TimeSpan? Delay(string endpoint)
    {
        lock (_gate)
        {
            if (!_lanes.TryGetValue(endpoint, out var lane) || lane.Running < attemptsAtOnce) return null;
            var queue = lane.Expected * (lane.Waiting.Count + 1) / attemptsAtOnce;
            if (queue <= Soon && lane.Waiting.Count < MostWaiting) return null;
            return queue < ShortestDelay ? ShortestDelay : queue > LongestDelay ? LongestDelay : queue;
        }
    }

    /// <summary>Takes a place, or a place in the queue.</summary>
    /// <returns>True if it is its turn at once; then <see cref="Next"/> is to be called when it is done.</returns>
    public bool Enter(string endpoint, T item)
    {
        lock (_gate)
        {
            if (!_lanes.TryGetValue(endpoint, out var lane)) _lanes[endpoint] = lane = new Lane();
            if (lane.Running == attemptsAtOnce)
            {
                lane.Waiting.Enqueue(item);
                return false;
            }

            lane.Running++;
            return true;
        }
    }

    /// <summary>Gives a place to the next in the queue.</summary>
    /// <param name="endpoint">The endpoint.</param>
    /// <param name="took">How long the attempt was; null if there was none.</param>
    /// <returns>Whose turn it is; null if nobody waits, and the place is free.</returns>
    public T? Next(string endpoint, TimeSpan? took)
    {
        lock (_gate)
        {
            var lane = _lanes[endpoint];
            if (took is { } time) lane.Expected += (time - lane.Expected) / 4;
            if (lane.Waiting.TryDequeue(out var next)) return next;
            if (--lane.Running == 0) _lanes.Remove(endpoint);
            return null;
        }
    }

    private sealed class Lane
    {
        public Queue<T> Waiting { get; } = new();

        public int Running { get; set; }

        public TimeSpan Expected { get; set; } = TimeSpan.FromMilliseconds(250);
    }
}
