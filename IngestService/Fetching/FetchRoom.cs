using Deepfake.Contracts;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Fetching;

/// <summary>
/// The places of a process for fetches. A tenant takes one only while it has fewer than are free: alone it gets half of them, the next
/// one half of the rest, so that nobody's slow addresses take all. Nobody waits long.
/// </summary>
internal sealed class FetchRoom(int places, TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private readonly Lock _gate = new();
    private readonly Dictionary<string, int> _taken = [];
    private readonly LinkedList<Waiter> _waiters = [];
    private int _free = places;

    /// <summary>Takes a place; disposing gives it back.</summary>
    /// <exception cref="SubmissionRejectedException">None came free in time.</exception>
    public async Task<IDisposable> EnterAsync(string tenant, CancellationToken cancellationToken)
    {
        LinkedListNode<Waiter> waiter;
        lock (_gate)
        {
            if (TryTake(tenant)) return new Place(this, tenant);
            waiter = _waiters.AddLast(new Waiter(tenant, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)));
        }

        try
        {
            await waiter.Value.Called.Task.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            if (TryLeave(waiter)) throw Busy(tenant, e);
        }
        catch (OperationCanceledException)
        {
            if (!TryLeave(waiter)) Leave(tenant);
            throw;
        }

        return new Place(this, tenant);
    }

    private bool TryTake(string tenant)
    {
        var taken = _taken.GetValueOrDefault(tenant);
        if (taken >= _free) return false;
        _taken[tenant] = taken + 1;
        _free--;
        return true;
    }

    /// <returns>False if it was called meanwhile, and has a place.</returns>
    private bool TryLeave(LinkedListNode<Waiter> waiter)
    {
        lock (_gate)
        {
            if (waiter.List is null) return false;
            _waiters.Remove(waiter);
            return true;
        }
    }

    private void Leave(string tenant)
    {
        lock (_gate)
        {
            _free++;
            if (--_taken[tenant] == 0) _taken.Remove(tenant);
            // Who waits behind others of its own tenant is not kept by them: the first whom there is room for is next.
            for (var waiter = _waiters.First; waiter is not null && _free > 0;)
            {
                var next = waiter.Next;
                if (TryTake(waiter.Value.Tenant))
                {
                    _waiters.Remove(waiter);
                    waiter.Value.Called.SetResult();
                }

                waiter = next;
            }
        }
    }

    private SubmissionRejectedException Busy(string tenant, Exception inner)
    {
        bool isOwn;
        lock (_gate) isOwn = _taken.ContainsKey(tenant);
        return new SubmissionRejectedException(isOwn ? ErrorCodes.RateLimited : ErrorCodes.BacklogFull, "Too many files are being fetched at once; try again shortly.", inner) { RetryAfter = Patience };
    }

    private sealed record Waiter(string Tenant, TaskCompletionSource Called);

    private sealed class Place(FetchRoom room, string tenant) : IDisposable
    {
        private int _left;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _left, 1) == 0) room.Leave(tenant);
        }
    }
}
