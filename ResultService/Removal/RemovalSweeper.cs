using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Sweeping;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Removal;

/// <summary>Completes removals that broke off.</summary>
internal sealed class RemovalSweeper(
    IDocumentStore<Deletion> deletions, AnalysisRemover remover, IOptions<ResultOptions> options, TimeProvider time, ILogger<RemovalSweeper> logger)
    : PeriodicSweep(options.Value.SweepInterval, time, logger)
{
    private const int Batch = 100;
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    public override async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var due in await deletions.ListDueAsync(_time.GetUtcNow(), Batch, cancellationToken))
            await GuardAsync(due.Value.AnalysisId, () => remover.CompleteAsync(due.Tenant, due.Id, cancellationToken), cancellationToken);
    }
}

/// <summary>Removes what has outstayed its time, with a receipt for each analysis.</summary>
internal sealed class RetentionSweeper(
    IHistoryStore history, RetentionRules rules, AnalysisRemover remover, IOptions<ResultOptions> options, TimeProvider time, ILogger<RetentionSweeper> logger)
    : PeriodicSweep(options.Value.RetentionInterval, time, logger)
{
    private const int Batch = 200;
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    public override async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var tenant in await history.ListTenantsAsync(cancellationToken))
        {
            var now = _time.GetUtcNow();
            var endedBefore = now - await rules.FindAsync(tenant, cancellationToken);
            int removed;
            do
            {
                removed = 0;
                foreach (var id in await history.FindExpiredAsync(tenant, now, endedBefore, Batch, cancellationToken))
                {
                    await GuardAsync(id, async () =>
                    {
                        if (await remover.RemoveAsync(tenant, id, DeletionReasons.Retention, null, cancellationToken) is not null) removed++;
                    }, cancellationToken);
                }
            }
            while (removed == Batch); // what would not go is left to the next turn
        }
    }
}
