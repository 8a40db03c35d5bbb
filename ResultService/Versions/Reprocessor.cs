using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Api;
using Deepfake.ResultService.Removal;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Tracing;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Versions;

/// <summary>What came of the wish to analyse a medium again: a run, or a code and a sentence.</summary>
internal sealed record ReprocessOutcome(Analysis? Run, string? Code = null, string? Detail = null);

/// <summary>
/// Analyses a stored medium again, with the models of now, as the next version. One at a time: while the latest version runs, that is the
/// answer, so that asking twice starts nothing twice. The number is taken first, then the record is written, then the first message is
/// published; what breaks off in between is taken up by the next one who asks, or by the sweeper of what was never published.
/// </summary>
internal sealed partial class Reprocessor(
    IAnalysisStore analyses,
    IObjectStore objects,
    IDocumentStore<Deletion> deletions,
    AnalysisReader reader,
    VersionBook versions,
    IBus bus,
    IOptions<ResultOptions> options,
    TimeProvider time,
    ILogger<Reprocessor> logger)
{
    private static readonly TimeSpan PublishTimeout = TimeSpan.FromSeconds(10);

    /// <summary>Starts the next version, or finds the one that runs.</summary>
    /// <param name="tenant">Owner.</param>
    /// <param name="id">Any version.</param>
    /// <param name="lane">Queue family.</param>
    /// <param name="allowed">What the caller may have unfinished at once; null for any number.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public async Task<ReprocessOutcome> StartAsync(string tenant, string id, Lane lane, Concurrency? allowed, CancellationToken cancellationToken)
    {
        if (await reader.FindAsync(tenant, id, cancellationToken) is not { } named) return Unknown;
        var first = named.ReprocessOf is { } original ? await reader.FindAsync(tenant, original, cancellationToken) : named;
        if (first is null) return Gone;
        if (first.CompletedAt is null) return new ReprocessOutcome(null, ErrorCodes.NotEnded, "The analysis is not over; there is nothing to do again.");
        if (!await objects.ExistsAsync(ObjectKeys.Media(tenant, first.Id), cancellationToken)) return Gone;
        while (true)
        {
            var version = await versions.FindLatestAsync(tenant, first.Id, cancellationToken);
            var latest = version == 1 ? first : await reader.FindAsync(tenant, VersionBook.IdOf(first.Id, version), cancellationToken);
            if (latest is { CompletedAt: null }) return new ReprocessOutcome(latest);
            // A number without an analysis was taken by somebody who came no further, unless the analysis was removed.
            var isOpen = latest is null && await deletions.FindAsync(tenant, Deletion.IdOf(VersionBook.IdOf(first.Id, version)), cancellationToken) is null;
            if (!isOpen)
            {
                if (await analyses.CountUnfinishedAsync(cancellationToken) >= options.Value.ReprocessBacklog)
                    return new ReprocessOutcome(null, ErrorCodes.BacklogFull, "Too many analyses are waiting; try again later.");
                if (!await versions.TryTakeAsync(tenant, first.Id, ++version, cancellationToken)) continue;
            }

            return await BeginAsync(tenant, first, version, lane, allowed, cancellationToken);
        }
    }

    private static ReprocessOutcome Unknown { get; } = new(null, ErrorCodes.NotFound, "There is no such analysis.");

    private static ReprocessOutcome Gone { get; } = new(null, ErrorCodes.MediaGone, "The medium was removed: it can be submitted again, but not analysed again.");

    private async Task<ReprocessOutcome> BeginAsync(string tenant, Analysis first, int version, Lane lane, Concurrency? allowed, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var record = new AnalysisRecord
        {
            Id = VersionBook.IdOf(first.Id, version),
            Tenant = tenant,
            Lane = lane,
            FileName = first.FileName,
            MediaKey = ObjectKeys.Media(tenant, first.Id),
            Format = first.Media.Format,
            SizeBytes = first.Media.SizeBytes,
            Sha256 = first.Media.Sha256,
            AcceptedAt = now,
            Deadline = now + options.Value.ReprocessDeadline,
            Reference = first.Reference,
            Metadata = first.Metadata,
            Options = first.Options,
            Retention = first.ExpiresAt - first.CompletedAt,
            Version = version,
            ReprocessOf = first.Id,
            Concurrency = allowed,
        };
        using var activity = Telemetry.StartAnalysisActivity("accept analysis", record.Id);
        using var scope = logger.BeginAnalysisScope(record.Id);
        record = record with { TraceParent = Activity.Current is { IdFormat: ActivityIdFormat.W3C } current ? current.Id : null };
        try
        {
            await analyses.CreateAsync(record, cancellationToken);
        }
        catch (ConcurrencyExceededException e)
        {
            return new ReprocessOutcome(null, ErrorCodes.RateLimited, e.Message); // the number stays open for the next who asks
        }
        catch (InvalidOperationException)
        {
            // Somebody else came first with the same number.
            return await reader.FindAsync(tenant, record.Id, cancellationToken) is { } other ? new ReprocessOutcome(other) : Unknown;
        }

        if (await deletions.FindAsync(tenant, Deletion.IdOf(first.Id), cancellationToken) is not null || await reader.FindAsync(tenant, first.Id, cancellationToken) is null)
        {
            // Being removed, or removed meanwhile, and its medium with it: the removal must win.
            await analyses.DeleteAsync(tenant, record.Id, cancellationToken);
            await versions.ForgetAsync(tenant, first.Id, cancellationToken);
            return Unknown;
        }

        await PublishAsync(record, cancellationToken);
        LogStarted(record.Id, version);
        return await reader.FindAsync(tenant, record.Id, cancellationToken) is { } run ? new ReprocessOutcome(run) : Unknown;
    }

    private async Task PublishAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        try
        {
            await bus.PublishConfirmedAsync(
                new MediaSubmitted
                {
                    AnalysisId = record.Id,
                    Tenant = record.Tenant,
                    Lane = record.Lane,
                    MediaKey = record.MediaKey,
                    Format = record.Format,
                    SizeBytes = record.SizeBytes,
                    Deadline = record.Deadline,
                },
                cancellationToken,
                PublishTimeout);
            await analyses.MarkPublishedAsync(record.Id, cancellationToken);
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogUnpublished(e, record.Id);
        }
    }

    [LoggerMessage(5501, LogLevel.Information, "Started {AnalysisId}: version {Version} of its medium.")]
    private partial void LogStarted(string analysisId, int version);

    [LoggerMessage(5502, LogLevel.Warning, "{AnalysisId} is accepted but not published; the sweeper will do it.")]
    private partial void LogUnpublished(Exception exception, string analysisId);
}
