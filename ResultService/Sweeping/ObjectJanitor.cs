using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Sweeping;

/// <summary>
/// Removes what workers that were late wrote for analyses that were deleted, failed or cancelled meanwhile, until none can be late any
/// more.
/// </summary>
public sealed class ObjectJanitor(
    IAnalysisStore analyses, IHistoryStore history, IObjectStore objects, IOptions<ResultOptions> options, TimeProvider time, ILogger<ObjectJanitor> logger)
    : PeriodicSweep(options.Value.JanitorInterval, time, logger)
{
    private static readonly TimeSpan LongestAnalysis = TimeSpan.FromDays(1);
    private readonly TimeProvider _time = time;

    /// <inheritdoc/>
    public override async Task SweepAsync(CancellationToken cancellationToken)
    {
        var since = _time.GetUtcNow() - options.Value.JanitorWindow;
        foreach (var deleted in await analyses.FindDeletedAsync(since, cancellationToken))
        {
            await GuardAsync(deleted.Id, async () =>
            {
                // A finisher that was half-way may have saved it again.
                await history.DeleteAsync(deleted.Tenant, deleted.Id, cancellationToken);
                await objects.DeletePrefixAsync(ObjectKeys.Prefix(deleted.Tenant, deleted.Id), cancellationToken);
            }, cancellationToken);
        }

        foreach (var tenant in await history.ListTenantsAsync(cancellationToken))
        {
            await SweepEndedAsync(tenant, AnalysisStatus.Failed, since, cancellationToken);
            await SweepEndedAsync(tenant, AnalysisStatus.Cancelled, since, cancellationToken);
        }
    }

    private async Task SweepEndedAsync(string tenant, AnalysisStatus status, DateTimeOffset since, CancellationToken cancellationToken)
    {
        // History is ordered by acceptance: beyond this, a page holds nothing that ended recently.
        var oldest = since - LongestAnalysis;
        string? cursor = null;
        do
        {
            var page = await history.ListAsync(tenant, new HistoryQuery { Status = status, Limit = 200, Cursor = cursor }, cancellationToken);
            foreach (var ended in page.Items.Where(ended => ended.CompletedAt >= since))
                await GuardAsync(ended.Id, () => objects.DeletePrefixAsync(ObjectKeys.Prefix(tenant, ended.Id), cancellationToken), cancellationToken);
            cursor = page.Items.Any(ended => ended.CreatedAt >= oldest) ? page.NextCursor : null;
        }
        while (cursor is not null);
    }
}
