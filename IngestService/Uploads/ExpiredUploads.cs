using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Submission;
using Deepfake.IngestService.Sweeping;

namespace Deepfake.IngestService.Uploads;

/// <summary>What was begun and never submitted goes, with every byte of it.</summary>
internal sealed class ExpiredUploads(IDocumentStore<Upload> documents, UploadBook book, UploadSubmission submission, TimeProvider time) : IExpiry
{
    private const int BatchSize = 100;

    public async Task<int> RemoveAsync(CancellationToken cancellationToken)
    {
        var count = 0;
        while (true)
        {
            var due = await documents.ListDueAsync(time.GetUtcNow(), BatchSize, cancellationToken);
            var before = count;
            foreach (var document in due)
                if (await TryRemoveAsync(document, cancellationToken)) count++;
            // What does not go now would be listed again.
            if (due.Count < BatchSize || count == before) return count;
        }
    }

    private async Task<bool> TryRemoveAsync(Document<Upload> document, CancellationToken cancellationToken)
    {
        try
        {
            // Submitted, and then the process died: without a record the bytes are nobody's.
            var isNobodys = document.Value.State == UploadState.Submitted && await submission.FindAnalysisAsync(document.Tenant, document.Value.AnalysisId, cancellationToken) is null;
            await book.RemoveAsync(isNobodys ? document with { Value = document.Value with { State = UploadState.Complete } } : document, cancellationToken);
            return true;
        }
        catch (SubmissionRejectedException)
        {
            return false; // another replica was faster
        }
    }
}
