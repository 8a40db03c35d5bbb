using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;

namespace Deepfake.IngestService.Batches;

/// <summary>
/// Shows a batch: each item as its analysis stands now. Results are not kept with the batch, so that a deletion leaves none behind; what
/// the client said of a file is forgotten as soon as its analysis is seen to be gone.
/// </summary>
internal sealed class BatchView(BatchBook book, IAnalysisStore analyses, IHistoryStore history)
{
    private const int AtOnce = 8;

    /// <summary>A batch with its items.</summary>
    public async Task<Batch> ShowAsync(string tenant, string id, StoredBatch batch, CancellationToken cancellationToken)
    {
        var items = new BatchItem[batch.Items.Count];
        await Parallel.ForAsync(
            0, items.Length, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken },
            async (i, stop) => items[i] = await ShowAsync(tenant, i, batch.Items[i], stop));
        var deleted = items.Where(item => item.Status == BatchItemStatus.Deleted && batch.Items[item.Index].State == ItemState.Accepted).Select(item => item.Index).ToList();
        if (deleted.Count > 0)
        {
            var forgotten = deleted.ToDictionary(index => index, index => new StoredItem { AnalysisId = batch.Items[index].AnalysisId, State = ItemState.Deleted, Fields = new() });
            await book.UpdateAsync(tenant, id, stored => stored.With(forgotten, item => item.State == ItemState.Accepted), cancellationToken);
        }

        return Compose(id, batch, items);
    }

    private static Batch Compose(string id, StoredBatch batch, BatchItem[] items) => new()
    {
        Id = id,
        Status = batch.IsCancelled && items.Any(item => item.Status == BatchItemStatus.Cancelled) ? BatchStatus.Cancelled
            : Array.TrueForAll(items, item => item.Status is not (BatchItemStatus.Pending or BatchItemStatus.Accepted or BatchItemStatus.Running)) ? BatchStatus.Completed
            : BatchStatus.Running,
        Progress = Math.Round(items.Average(item => item.Progress), 1),
        Reference = batch.Reference,
        Summary = new BatchSummary
        {
            Total = items.Length,
            ByStatus = items.GroupBy(item => item.Status).ToDictionary(group => Name(group.Key), group => group.Count()),
            ByVerdict = items.Where(item => item.Verdict is not null).GroupBy(item => item.Verdict!.Value).ToDictionary(group => Name(group.Key), group => group.Count()),
            HighestScore = items.Max(item => item.DeepfakeScore),
        },
        Items = items,
        CreatedAt = batch.CreatedAt,
    };

    private async Task<BatchItem> ShowAsync(string tenant, int index, StoredItem item, CancellationToken cancellationToken)
    {
        var shown = new BatchItem
        {
            Index = index,
            Status = item.State switch
            {
                ItemState.Pending => BatchItemStatus.Pending,
                ItemState.Rejected => BatchItemStatus.Rejected,
                ItemState.Deleted => BatchItemStatus.Deleted,
                _ => BatchItemStatus.Cancelled,
            },
            FileName = item.Fields.FileName,
            Source = item.Url ?? item.UploadId,
            Reference = item.Fields.Reference,
            AnalysisId = item.State is ItemState.Accepted or ItemState.Deleted ? item.AnalysisId : null,
            Progress = item.State == ItemState.Pending ? 0 : 100,
            Error = item.Error,
        };
        if (item.State != ItemState.Accepted) return shown;
        if (await analyses.FindAsync(tenant, item.AnalysisId, cancellationToken) is { IsOver: false } state)
            return shown with { Status = state.Status == AnalysisStatus.Accepted ? BatchItemStatus.Accepted : BatchItemStatus.Running, Progress = Math.Round(state.Percent, 1) };
        // History has a reviewer's word; the store has what has only just ended.
        var result = await history.FindAsync(tenant, item.AnalysisId, cancellationToken) ?? await analyses.FindResultAsync(tenant, item.AnalysisId, cancellationToken);
        return result is null ? shown with { Status = BatchItemStatus.Deleted, FileName = null, Source = null, Reference = null } : Over(shown, result);
    }

    private static BatchItem Over(BatchItem shown, Analysis result) => shown with
    {
        Status = result.Status switch { AnalysisStatus.Completed => BatchItemStatus.Completed, AnalysisStatus.Failed => BatchItemStatus.Failed, _ => BatchItemStatus.Cancelled },
        Verdict = result.Verdict,
        IsDeepfake = result.IsDeepfake,
        DeepfakeScore = result.DeepfakeScore,
        Confidence = result.Confidence,
        Error = result.Error,
    };

    private static string Name<T>(T value)
        where T : struct, Enum => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());
}
