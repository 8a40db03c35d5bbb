using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Batches;

/// <summary>
/// Goes on with batches: what is to be fetched, what waits for room, and what a process left behind that died. Forgets old ones. Turns are
/// short, few of one tenant, and the longest overdue is next, so that nobody's slow addresses hold up the batches of others.
/// </summary>
internal sealed partial class BatchRunner(BatchBook book, BatchWork work, IOptions<IngestOptions> options, TimeProvider time, ILogger<BatchRunner> logger) : BackgroundService
{
    private const int Places = 8;
    private const int PlacesOfTenant = 2;
    private const int Sight = 256;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        var turns = new List<(string Tenant, Task Work)>();
        using var timer = new PeriodicTimer(options.Value.BatchInterval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                turns.RemoveAll(turn => turn.Work.IsCompleted);
                if (turns.Count == Places) continue;
                foreach (var document in await FindDueAsync(stoppingToken))
                    if (turns.Count < Places && turns.Count(turn => turn.Tenant == document.Tenant) < PlacesOfTenant) turns.Add((document.Tenant, TurnAsync(document, stoppingToken)));
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }

        await Task.WhenAll(turns.Select(turn => turn.Work));
    }

    private async Task<IReadOnlyList<Document<StoredBatch>>> FindDueAsync(CancellationToken stoppingToken)
    {
        try
        {
            return await book.ListDueAsync(Sight, stoppingToken);
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            Log.TurnFailed(logger, e);
            return [];
        }
    }

    private async Task TurnAsync(Document<StoredBatch> document, CancellationToken stoppingToken)
    {
        try
        {
            if (!document.Value.HasPending) await book.RemoveAsync(document.Tenant, document.Id, document.Version, stoppingToken);
            else if (await book.TryUpdateAsync(document, document.Value with { RetryAt = null }, stoppingToken) is { } mine) await work.RunAsync(mine, _ => true, stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            await LeaveAsync(document);
        }
        catch (Exception e)
        {
            Log.TurnFailed(logger, e);
        }
    }

    /// <summary>Gives the lease back: another replica, or this host after its restart, need not wait for its end.</summary>
    private async Task LeaveAsync(Document<StoredBatch> document)
    {
        try
        {
            await book.UpdateAsync(document.Tenant, document.Id, batch => batch is { HasPending: true, RetryAt: null } ? batch with { RetryAt = time.GetUtcNow() } : batch, CancellationToken.None);
        }
        catch (Exception e)
        {
            Log.TurnFailed(logger, e);
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1061, LogLevel.Warning, "Batches could not be gone on with; the next turn tries again")]
        public static partial void TurnFailed(ILogger logger, Exception exception);
    }
}
