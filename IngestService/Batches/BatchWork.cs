using System.Collections.Concurrent;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Fetching;
using Deepfake.IngestService.Submission;
using Deepfake.IngestService.Uploads;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Batches;

/// <summary>Makes analyses of the items of a batch. One that cannot be had never keeps the others; doing it twice makes nothing twice.</summary>
internal sealed partial class BatchWork(
    BatchBook book,
    Submitter submitter,
    UploadSubmission uploads,
    MediaFetcher fetcher,
    MediaIntake intake,
    AnalysisRecorder recorder,
    IAnalysisStore analyses,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<BatchWork> logger)
{
    private const int AtOnce = 4;

    /// <summary>How long a turn begins with new items: then it is another batch's, however slow the addresses of this one are.</summary>
    private static readonly TimeSpan Turn = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(2);

    /// <summary>Does what is pending of a batch, as far as a turn gets.</summary>
    /// <param name="document">The batch, of which the caller has the lease.</param>
    /// <param name="which">Which items.</param>
    /// <param name="cancellationToken">Cancels between items.</param>
    /// <returns>The batch as it is stored then; null if it was removed.</returns>
    public async Task<StoredBatch?> RunAsync(Document<StoredBatch> document, Func<StoredItem, bool> which, CancellationToken cancellationToken)
    {
        var done = new ConcurrentDictionary<int, StoredItem>();
        using var turn = new CancellationTokenSource(Turn, time);
        using var room = new CancellationTokenSource();
        var pending = document.Value.Items.Select((item, index) => (item, index)).Where(entry => entry.item.State == ItemState.Pending && which(entry.item));
        await Parallel.ForEachAsync(pending, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (entry, stop) =>
        {
            if (turn.IsCancellationRequested || room.IsCancellationRequested) return;
            var result = await TryAsync(document, entry.index, entry.item, stop);
            if (result.State == ItemState.Pending) await room.CancelAsync(); // what there is no room for now has none for the next either
            if (ReferenceEquals(result, entry.item)) return;
            done[entry.index] = result;
            // What had to be fetched took its time; files that were here already are noted together.
            if (entry.item.Media is null) await NoteAsync(document, new Dictionary<int, StoredItem> { [entry.index] = result });
        });
        await NoteAsync(document, done);
        // What is left waits for room or for a store, or for its first turn.
        var wait = room.IsCancellationRequested ? Pause : TimeSpan.Zero;
        return await book.UpdateAsync(document.Tenant, document.Id, batch => batch.HasPending ? batch with { RetryAt = time.GetUtcNow() + wait } : batch, cancellationToken);
    }

    /// <summary>Does at once what can be done of a batch that is written. What breaks here is left to the runner: the client's batch is safe. Does not throw.</summary>
    public async Task<StoredBatch> BeginAsync(Document<StoredBatch> document)
    {
        try
        {
            return await RunAsync(document, item => item.Media is not null, CancellationToken.None) ?? document.Value;
        }
        catch (Exception e)
        {
            Log.NotBegun(logger, document.Id, e);
            return document.Value;
        }
    }

    /// <summary>Ends what is not over of a batch.</summary>
    public async Task<StoredBatch> CancelAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        await book.GetAsync(tenant, id, cancellationToken);
        var cancelled = await book.UpdateAsync(
            tenant, id,
            batch => batch with { IsCancelled = true, Items = [.. batch.Items.Select(item => item.State == ItemState.Pending ? item with { State = ItemState.Cancelled } : item)] },
            cancellationToken) ?? throw new SubmissionRejectedException(ErrorCodes.NotFound, "There is no such batch.");
        foreach (var item in cancelled.Items)
        {
            if (item is { State: ItemState.Cancelled, Media: not null }) await intake.DiscardAsync(item.Media.Key);
            if (item.State == ItemState.Accepted) await EndAsync(tenant, item.AnalysisId, cancellationToken);
        }

        return cancelled;
    }

    /// <returns>What became of an item; where it stays pending, with its file if that was fetched: nothing is fetched twice.</returns>
    private async Task<StoredItem> TryAsync(Document<StoredBatch> document, int index, StoredItem item, CancellationToken cancellationToken)
    {
        var isLate = time.GetUtcNow() >= document.Value.CreatedAt + options.Value.BatchDeadline;
        try
        {
            if (item is { UploadId: null, Media: null })
            {
                if (await analyses.FindAsync(document.Tenant, item.AnalysisId, cancellationToken) is not null) return item with { State = ItemState.Accepted };
                await submitter.RequireRoomAsync(cancellationToken);
                item = await FetchAsync(document.Tenant, item, cancellationToken);
            }

            return await SubmitAsync(document, item, cancellationToken);
        }
        catch (SubmissionRejectedException e) when (isLate || !IsPassing(e.Code))
        {
            IngestMetrics.Rejected(e.Code);
            return item with { State = ItemState.Rejected, Error = new AnalysisError(e.Code, e.Message) };
        }
        catch (SubmissionRejectedException)
        {
            return item;
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            Log.ItemFailed(logger, document.Id, index, e);
            return isLate ? item with { State = ItemState.Rejected, Error = new AnalysisError(ErrorCodes.Unavailable, "It could not be submitted in time.") } : item;
        }
    }

    /// <summary>Notes what became of items, unless somebody else did; what nobody wants any more is ended.</summary>
    private async Task NoteAsync(Document<StoredBatch> document, IReadOnlyDictionary<int, StoredItem> done)
    {
        var stored = await book.UpdateAsync(document.Tenant, document.Id, batch => batch.With(done, item => item.State == ItemState.Pending), CancellationToken.None);
        foreach (var (index, result) in done)
        {
            // Not what was to be noted where the client cancelled or deleted the batch meanwhile.
            var noted = stored?.Items[index].State ?? ItemState.Cancelled;
            if (noted == ItemState.Cancelled && result.State == ItemState.Accepted) await EndAsync(document.Tenant, result.AnalysisId, CancellationToken.None);
            else if (noted is ItemState.Cancelled or ItemState.Rejected && result.Media is not null) await intake.DiscardAsync(result.Media.Key);
        }
    }

    private async Task<StoredItem> SubmitAsync(Document<StoredBatch> document, StoredItem item, CancellationToken cancellationToken)
    {
        var request = new SubmissionRequest { Tenant = document.Tenant, Concurrency = document.Value.Concurrency, Reuse = document.Value.Reuse };
        if (item.UploadId is { } upload)
            return Accepted(item, await uploads.SubmitAsync(request, upload, fields => item.Fields with { FileName = item.Fields.FileName ?? fields.FileName }, cancellationToken));
        try
        {
            var outcome = await submitter.SubmitStoredAsync(request, item.AnalysisId, item.Media!, item.Fields, () => Task.CompletedTask, cancellationToken);
            if (outcome.Analysis.Id != item.AnalysisId) await intake.DiscardAsync(item.Media!.Key);
            return Accepted(item, outcome);
        }
        catch (AnalysisExistsException)
        {
            return item with { State = ItemState.Accepted }; // made before, by a process that died before it could say so
        }
    }

    private async Task<StoredItem> FetchAsync(string tenant, StoredItem item, CancellationToken cancellationToken)
    {
        StoredMedia? media = null;
        var key = ObjectKeys.Media(tenant, item.AnalysisId);
        using var place = await fetcher.EnterAsync(tenant, cancellationToken);
        var name = await fetcher.FetchAsync(fetcher.Read(item.Url!), async body => media = await intake.StoreAsync(key, body, cancellationToken), cancellationToken);
        return item with { Media = media, Fields = item.Fields with { FileName = item.Fields.FileName ?? name } };
    }

    /// <summary>The final record of an analysis its client no longer wants; ResultService hears of it from the store.</summary>
    private async Task EndAsync(string tenant, string id, CancellationToken cancellationToken)
    {
        if (await analyses.FindAsync(tenant, id, cancellationToken) is not { IsOver: false } state) return;
        var now = time.GetUtcNow();
        var record = Submitter.Accepted(state.Record) with
        {
            Status = AnalysisStatus.Cancelled,
            Stage = Stage.Done,
            Progress = Math.Round(state.Percent, 1),
            Version = state.Record.Version,
            ReprocessOf = state.Record.ReprocessOf,
            CompletedAt = now,
            UpdatedAt = now,
            ExpiresAt = now + state.Record.Retention,
            Timings = new Dictionary<string, double> { ["total"] = Math.Round((now - state.Record.AcceptedAt).TotalSeconds, 3) },
        };
        await recorder.CancelAsync(id, record, cancellationToken);
    }

    private static StoredItem Accepted(StoredItem item, SubmissionOutcome outcome)
    {
        if (outcome is { Kind: OutcomeKind.Accepted, IsReplayed: false }) IngestMetrics.Accepted(outcome.Analysis);
        return item with { State = ItemState.Accepted, AnalysisId = outcome.Analysis.Id, Fields = item.Fields with { FileName = item.Fields.FileName ?? outcome.Analysis.FileName } };
    }

    private static bool IsPassing(string code) => code is ErrorCodes.Unavailable or ErrorCodes.BacklogFull or ErrorCodes.RateLimited or ErrorCodes.UploadConflict;

    private static partial class Log
    {
        [LoggerMessage(1060, LogLevel.Error, "Item {Index} of {BatchId} could not be submitted now")]
        public static partial void ItemFailed(ILogger logger, string batchId, int index, Exception exception);

        [LoggerMessage(1062, LogLevel.Warning, "{BatchId} is accepted; the runner will go on with it")]
        public static partial void NotBegun(ILogger logger, string batchId, Exception exception);
    }
}
