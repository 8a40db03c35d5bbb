using Deepfake.Infrastructure.Documents;
using Deepfake.ResultService.Sweeping;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Reviews;

/// <summary>Shows reviews whose way into the history broke off.</summary>
internal sealed class ReviewSweeper(
    IDocumentStore<ReviewFile> files, ReviewBook reviews, IOptions<ResultOptions> options, TimeProvider time, ILogger<ReviewSweeper> logger)
    : PeriodicSweep(options.Value.SweepInterval, time, logger)
{
    private const int Batch = 100;
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    public override async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var due in await files.ListDueAsync(_time.GetUtcNow(), Batch, cancellationToken))
            await GuardAsync(due.Id, () => reviews.ShowAsync(due.Tenant, due.Id, cancellationToken), cancellationToken);
    }
}
