using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Merges the crops of several messages into batches and has every model score them. Each lane is a thread that takes a batch and runs
/// it through one model after the other: never more runs at a time than lanes, however many models there are. Live work goes before
/// interactive, that before batch.
/// </summary>
public sealed class CropBatcher : IDisposable
{
    private readonly RunShape _shape;
    private readonly TimeSpan _maxWait;
    private readonly object _gate = new();
    private readonly IReadOnlyList<ModelSession> _sessions;
    private readonly Queue<ScoringRequest>[] _queues = [new(), new(), new()];
    private readonly Thread[] _threads;
    private readonly RunWatch _watch;
    private int _announced;
    private bool _stopping;

    /// <summary>Starts the lanes.</summary>
    /// <param name="sessions">Models; the batcher does not own them.</param>
    /// <param name="shape">Lanes and batch size.</param>
    /// <param name="maxWait">How long a batch that is not full waits for announced packs.</param>
    /// <param name="watch">Is told of work and of batches that end.</param>
    /// <param name="logger">Takes the models' failures.</param>
    public CropBatcher(IReadOnlyList<ModelSession> sessions, RunShape shape, TimeSpan maxWait, RunWatch watch, ILogger logger)
    {
        _watch = watch;
        _sessions = sessions;
        _shape = shape;
        _maxWait = maxWait;
        _threads = [.. Enumerable.Range(0, shape.Lanes).Select(lane => new Thread(() => Work(new BatchRunner(sessions, shape.MaxBatch, logger)))
        {
            IsBackground = true,
            Name = $"inference lane {lane}",
        })];
        foreach (var thread in _threads) thread.Start();
    }

    /// <summary>
    /// Says that a pack is on its way: a batch that is not full waits a little for it. Dispose to take it back;
    /// <see cref="ScoreAsync"/> does so as soon as the pack is queued.
    /// </summary>
    public Announcement Announce()
    {
        lock (_gate) _announced++;
        return new Announcement(this);
    }

    /// <summary>Scores every crop of a pack by every model.</summary>
    /// <param name="pack">The crops.</param>
    /// <param name="lane">Decides the order.</param>
    /// <param name="announcement">What announced this pack; null for none.</param>
    /// <param name="cancellationToken">Takes the pack out.</param>
    /// <exception cref="ObjectDisposedException">The batcher has stopped.</exception>
    public async Task<ScoredPack> ScoreAsync(FacePack pack, Lane lane, Announcement? announcement, CancellationToken cancellationToken)
    {
        using var request = new ScoringRequest(pack, _sessions, cancellationToken);
        if (pack.Crops.Count == 0 || _sessions.Count == 0)
        {
            announcement?.Dispose();
            request.Complete();
            return await request.Completion;
        }

        using var waiting = _watch.Wait();
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_stopping, this);
            _queues[Order(lane)].Enqueue(request);
            announcement?.Dispose();
            Monitor.PulseAll(_gate);
        }

        return await request.Completion;
    }

    /// <summary>Stops after the batches that run; packs that wait end with <see cref="ObjectDisposedException"/>.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            _stopping = true;
            foreach (var request in _queues.SelectMany(queue => queue)) request.Abort(new ObjectDisposedException(nameof(CropBatcher)));
            Monitor.PulseAll(_gate);
        }

        foreach (var thread in _threads) thread.Join();
    }

    private static int Order(Lane lane) => lane switch
    {
        Lane.Live => 0,
        Lane.Interactive => 1,
        _ => 2,
    };

    private void Work(BatchRunner runner)
    {
        while (Collect(runner.Slices))
        {
            using var run = _watch.Run();
            runner.Run();
        }
    }

    /// <summary>Waits for work and takes a batch of it. False when stopped.</summary>
    private bool Collect(List<BatchSlice> slices)
    {
        slices.Clear();
        lock (_gate)
        {
            while (!_stopping && Pending(1) == 0) Monitor.Wait(_gate);

            var began = Stopwatch.GetTimestamp();
            while (!_stopping && _announced > 0 && Pending(_shape.MaxBatch) < _shape.MaxBatch)
            {
                var left = _maxWait - Stopwatch.GetElapsedTime(began);
                if (left <= TimeSpan.Zero || !Monitor.Wait(_gate, left)) break;
            }

            if (_stopping) return false;
            Take(slices);
            return true;
        }
    }

    /// <summary>Rows that wait, counted up to a limit. Drops requests that were cancelled.</summary>
    private int Pending(int limit)
    {
        var rows = 0;
        foreach (var queue in _queues)
        {
            while (queue.TryPeek(out var head) && head.IsOver) queue.Dequeue();
            foreach (var request in queue)
            {
                if (rows >= limit) return rows;
                if (!request.IsOver) rows += request.Pack.Crops.Count - request.NextRow;
            }
        }

        return rows;
    }

    private void Take(List<BatchSlice> slices)
    {
        var space = _shape.MaxBatch;
        if (_shape.Spread && space > 1)
        {
            var share = (Pending(space * _shape.Lanes) + _shape.Lanes - 1) / _shape.Lanes;
            space = Math.Clamp(share, 1, space);
        }

        foreach (var queue in _queues)
        {
            while (space > 0 && queue.TryPeek(out var request))
            {
                var rows = request.IsOver ? 0 : Math.Min(space, request.Pack.Crops.Count - request.NextRow);
                if (rows > 0)
                {
                    if (request.NextRow == 0) InferenceMetrics.Waited(Stopwatch.GetElapsedTime(request.EnqueuedAt));
                    slices.Add(new BatchSlice(request, request.NextRow, rows));
                    request.NextRow += rows;
                    space -= rows;
                }

                if (request.IsOver || request.NextRow == request.Pack.Crops.Count) queue.Dequeue();
            }
        }
    }

    /// <summary>A pack that is on its way.</summary>
    public sealed class Announcement : IDisposable
    {
        private CropBatcher? _batcher;

        internal Announcement(CropBatcher batcher) => _batcher = batcher;

        /// <inheritdoc/>
        public void Dispose()
        {
            if (Interlocked.Exchange(ref _batcher, null) is not { } batcher) return;
            lock (batcher._gate)
            {
                batcher._announced--;
                Monitor.PulseAll(batcher._gate);
            }
        }
    }
}
