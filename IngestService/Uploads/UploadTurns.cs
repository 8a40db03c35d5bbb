using System.Collections.Concurrent;

namespace Deepfake.IngestService.Uploads;

/// <summary>
/// Lets one request of this process at a time work on an upload, and that the newest: a client that comes back does not wait for its own
/// dead connection. Between processes the version of the document decides.
/// </summary>
internal sealed class UploadTurns(TimeProvider time)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);
    private readonly ConcurrentDictionary<string, Turn> _turns = new();

    /// <summary>Asks whoever has the turn to give way, and waits until they have put away what they hold.</summary>
    /// <param name="tenant">Who asks: nobody gives way to another tenant.</param>
    /// <param name="uploadId">The upload, which need not exist.</param>
    /// <param name="cancellationToken">Cancels the waiting.</param>
    /// <exception cref="TimeoutException">They do not.</exception>
    public async Task<Turn> TakeAsync(string tenant, string uploadId, CancellationToken cancellationToken)
    {
        var id = $"{tenant}/{uploadId}";
        var mine = new Turn(this, id);
        for (Turn holder; (holder = _turns.GetOrAdd(id, mine)) != mine;)
        {
            holder.AskToYield();
            await holder.Ended.WaitAsync(Patience, time, cancellationToken);
        }

        return mine;
    }

    private void End(Turn turn) => _turns.TryRemove(KeyValuePair.Create(turn.Id, turn));

    /// <summary>The right to work on an upload; disposing gives it on.</summary>
    internal sealed class Turn(UploadTurns turns, string id) : IDisposable
    {
        private readonly CancellationTokenSource _asked = new();
        private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public string Id => id;

        /// <summary>Cancelled when somebody newer wants to go on.</summary>
        public CancellationToken Asked => _asked.Token;

        internal Task Ended => _ended.Task;

        public void Dispose()
        {
            turns.End(this);
            _ended.TrySetResult();
        }

        // Never disposed: who asks may be late, and without a timer there is nothing to release.
        internal void AskToYield() => _asked.Cancel();
    }
}
