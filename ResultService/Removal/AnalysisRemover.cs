using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Reviews;
using Deepfake.ResultService.Versions;

namespace Deepfake.ResultService.Removal;

/// <summary>
/// Removes analyses with their versions for good: a note of what is to go, the records, a count of the objects, the objects, a look whether anything is left,
/// the receipt. Each step may be done again; a removal that broke off is taken up by the sweeper.
/// </summary>
internal sealed partial class AnalysisRemover(
    IAnalysisStore analyses,
    IHistoryStore history,
    IObjectStore objects,
    IDocumentStore<Deletion> deletions,
    VersionBook versions,
    ReviewBook reviews,
    ResultMetrics metrics,
    TimeProvider time,
    ILogger<AnalysisRemover> logger)
{
    // A removal in another process is left alone for this long.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(1);

    /// <summary>Removes an analysis.</summary>
    /// <param name="tenant">Its owner.</param>
    /// <param name="id">The analysis.</param>
    /// <param name="reason">One of <see cref="DeletionReasons"/>.</param>
    /// <param name="requestedBy">Id of the API key that asks for it.</param>
    /// <param name="cancellationToken">Ends the work; the sweeper completes it.</param>
    /// <returns>Null if unknown or of another tenant.</returns>
    public async Task<DeletionReceipt?> RemoveAsync(string tenant, string id, string reason, string? requestedBy, CancellationToken cancellationToken)
    {
        if ((await FindRecordsAsync(tenant, [id], cancellationToken)).Count == 0) return null;
        var runs = await versions.ListAsync(tenant, id, cancellationToken);
        var known = await FindRecordsAsync(tenant, runs, cancellationToken);
        if (runs.Count > 1) known.Add("versions/" + id);
        // What a reviewer said outlasts retention: it holds no medium, and nobody asked for it to go.
        if (reason == DeletionReasons.Request && await reviews.FindAsync(tenant, id, cancellationToken) is not null) known.Add("reviews/" + id);
        var now = time.GetUtcNow();
        var deletion = new Deletion { AnalysisId = id, Reason = reason, RequestedBy = requestedBy, RequestedAt = now, Analyses = runs, Records = known };
        var document = new Document<Deletion>(tenant, Deletion.IdOf(id), deletion, now + Patience);
        await deletions.TryAddAsync(document, cancellationToken); // of two at once one writes it, and both may go on
        return await CompleteAsync(tenant, document.Id, cancellationToken);
    }

    /// <summary>Does what is left of a removal.</summary>
    /// <returns>The receipt; null if there is no such removal.</returns>
    /// <exception cref="IOException">Something would not go.</exception>
    public async Task<DeletionReceipt?> CompleteAsync(string tenant, string deletionId, CancellationToken cancellationToken)
    {
        while (await deletions.FindAsync(tenant, deletionId, cancellationToken) is { } document)
        {
            var deletion = document.Value;
            if (deletion.Receipt is { } receipt) return receipt;
            var next = deletion.Objects is null ? await CountAsync(tenant, deletion, cancellationToken) : await FinishAsync(tenant, document.Id, deletion, cancellationToken);
            var due = next.Receipt is null ? document.Due : null;
            if (!await deletions.TryUpdateAsync(document with { Value = next, Due = due }, cancellationToken) || next.Receipt is not { } done) continue;
            metrics.Deleted(done.Reason, deletion.Analyses.Count, done.ObjectCount, done.ObjectBytes);
            LogDeleted(done.AnalysisId, done.Reason, done.ObjectCount, done.ObjectBytes, done.Id);
        }

        return null;
    }

    // The records first: from then on late parts stay out and readers get 404.
    private async Task<Deletion> CountAsync(string tenant, Deletion deletion, CancellationToken cancellationToken)
    {
        var total = new ObjectTotal();
        // Again, now that the removal is written down: a version that was begun before its starter could see it would be left behind.
        var runs = deletion.Analyses.Union(await versions.ListAsync(tenant, deletion.AnalysisId, cancellationToken)).ToList();
        deletion = deletion with { Analyses = runs, Records = [.. deletion.Records.Union(await FindRecordsAsync(tenant, runs, cancellationToken))] };
        foreach (var id in runs)
        {
            await analyses.DeleteAsync(tenant, id, cancellationToken);
            await history.DeleteAsync(tenant, id, cancellationToken);
            var found = await objects.MeasureAsync(ObjectKeys.Prefix(tenant, id), cancellationToken);
            total = new ObjectTotal(total.Count + found.Count, total.Bytes + found.Bytes);
        }

        return deletion with { Objects = total };
    }

    private async Task<Deletion> FinishAsync(string tenant, string deletionId, Deletion deletion, CancellationToken cancellationToken)
    {
        foreach (var id in deletion.Analyses)
        {
            await history.DeleteAsync(tenant, id, cancellationToken); // a finisher that was half-way may have saved it again
            await objects.DeletePrefixAsync(ObjectKeys.Prefix(tenant, id), cancellationToken);
            if ((await objects.MeasureAsync(ObjectKeys.Prefix(tenant, id), cancellationToken)).Count > 0) throw new IOException($"Objects of {id} are still there.");
        }

        if (deletion.Analyses.Count > 1) await versions.ForgetAsync(tenant, deletion.AnalysisId, cancellationToken);
        if (deletion.Reason == DeletionReasons.Request) await reviews.ForgetAsync(tenant, deletion.AnalysisId, cancellationToken);
        if ((await FindRecordsAsync(tenant, deletion.Analyses, cancellationToken)).Count > 0) throw new IOException($"Records of {deletion.AnalysisId} are still there.");
        var receipt = new DeletionReceipt
        {
            Id = deletionId,
            AnalysisId = deletion.AnalysisId,
            Reason = deletion.Reason,
            RequestedBy = deletion.RequestedBy,
            RequestedAt = deletion.RequestedAt,
            DeletedAt = time.GetUtcNow(),
            ObjectCount = deletion.Objects!.Value.Count,
            ObjectBytes = deletion.Objects.Value.Bytes,
            Records = deletion.Records,
            Hash = "",
        };
        return deletion with { Receipt = receipt.Seal() };
    }

    private async Task<List<string>> FindRecordsAsync(string tenant, IReadOnlyList<string> ids, CancellationToken cancellationToken)
    {
        var records = new List<string>();
        foreach (var id in ids)
        {
            if (await analyses.FindAsync(tenant, id, cancellationToken) is not null) records.Add("analyses/" + id);
            if (await history.FindAsync(tenant, id, cancellationToken) is not null) records.Add("history/" + id);
        }

        return records;
    }

    [LoggerMessage(5401, LogLevel.Information, "Removed {AnalysisId} ({Reason}): {Objects} objects, {Bytes} bytes, receipt {DeletionId}.")]
    private partial void LogDeleted(string analysisId, string reason, long objects, long bytes, string deletionId);
}
