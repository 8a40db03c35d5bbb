using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Pictures;
using Deepfake.ResultService.Reviews;
using Deepfake.ResultService.Webhooks;
using Deepfake.ServiceDefaults;
using MassTransit;

namespace Deepfake.ResultService.Merging;

/// <summary>
/// Ends analyses: final record by compare-and-set, then history, then the deliveries of webhooks, then the objects nobody needs any more,
/// then the announcement. A crash or an outage between any two steps leaves an end without announcement, which the sweeper takes up again
/// from the top.
/// </summary>
public sealed partial class AnalysisFinisher(
    IAnalysisStore analyses,
    IHistoryStore history,
    IObjectStore objects,
    DeliveryOutbox outbox,
    ReviewBook reviews,
    ShownFrames frames,
    ResultMetrics metrics,
    TimeProvider time,
    ILogger<AnalysisFinisher> logger)
{
    // A publish waits for a lost broker for as long as it is let; deadlines of other analyses would wait with it.
    private static readonly TimeSpan AnnouncementTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Offers a final record.</summary>
    /// <returns>True for the one caller whose record became final.</returns>
    public async Task<bool> FinishAsync(AnalysisRecord record, Analysis result, IPublishEndpoint bus, CancellationToken cancellationToken)
    {
        if (!await analyses.TryFinishAsync(record.Id, result, cancellationToken)) return false;
        metrics.Ended(record, result);
        try
        {
            await AnnounceAsync(record, bus, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            // The end is durable; the sweeper will announce it.
            LogDelayed(e, record.Id);
        }

        return true;
    }

    /// <summary>Everything after the final record; may be done again at any time.</summary>
    public async Task AnnounceAsync(AnalysisRecord record, IPublishEndpoint bus, CancellationToken cancellationToken)
    {
        var submitted = Activity.Current is null && ActivityContext.TryParse(record.TraceParent, null, isRemote: true, out var context) ? context : default;
        using var activity = Telemetry.StartAnalysisActivity("announce", record.Id, submitted);

        if (await analyses.FindResultAsync(record.Tenant, record.Id, cancellationToken) is not { } result) return;
        await history.SaveAsync(record.Tenant, result, cancellationToken);
        if (await analyses.FindAsync(record.Id, cancellationToken) is null)
        {
            // Deleted while we saved: the deletion must win.
            await history.DeleteAsync(record.Tenant, record.Id, cancellationToken);
            return;
        }

        if (record.ReprocessOf is { } first) await reviews.CarryOverAsync(record.Tenant, first, record.Id, cancellationToken);
        await outbox.PlanAsync(record, result, cancellationToken);
        if (result.Status == AnalysisStatus.Completed)
        {
            await frames.KeepAsync(record.Tenant, result, cancellationToken);
            await objects.DeleteAsync(ObjectKeys.FramePack(record.Tenant, record.Id), cancellationToken);
        }
        else
        {
            await objects.DeletePrefixAsync(ObjectKeys.Prefix(record.Tenant, record.Id), cancellationToken);
        }

        await bus.PublishConfirmedAsync(
            new AnalysisCompleted { AnalysisId = record.Id, Tenant = record.Tenant, Lane = record.Lane, Status = result.Status, Verdict = result.Verdict },
            cancellationToken,
            AnnouncementTimeout);
        await analyses.MarkAnnouncedAsync(record.Id, cancellationToken);
        metrics.Announced(record, time.GetUtcNow() - (result.CompletedAt ?? time.GetUtcNow()));
    }

    [LoggerMessage(5011, LogLevel.Warning, "{AnalysisId} is over, but its announcement has to wait for the sweeper.")]
    private partial void LogDelayed(Exception exception, string analysisId);
}
