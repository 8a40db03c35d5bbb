using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Uploads;

/// <summary>Makes the one analysis of an upload. Doing it again answers with the same one.</summary>
internal sealed class UploadSubmission(UploadBook book, Submitter submitter, IAnalysisStore analyses, IHistoryStore history, IObjectStore objects)
{
    private const int Tries = 5;

    /// <summary>Submits an upload by its id.</summary>
    /// <param name="request">The request, which names the upload.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="refine">Puts the options of the request over those of the upload.</param>
    /// <param name="cancellationToken">Cancels until the upload is marked.</param>
    /// <exception cref="SubmissionRejectedException">Unknown, incomplete, not welcome, or a store is out of reach.</exception>
    public async Task<SubmissionOutcome> SubmitAsync(
        SubmissionRequest request, string uploadId, Func<SubmissionFields, SubmissionFields> refine, CancellationToken cancellationToken)
    {
        if (await submitter.FindReplayAsync(request, cancellationToken) is { } replay) return replay;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await SubmitAsync(request, await book.GetAsync(request.Tenant, uploadId, cancellationToken), refine, cancellationToken);
            }
            catch (SubmissionRejectedException e) when (e.Code == ErrorCodes.UploadConflict && attempt < Tries)
            {
                // Somebody submits it at the same time: look again.
            }
        }
    }

    /// <summary>Submits an upload.</summary>
    public async Task<SubmissionOutcome> SubmitAsync(
        SubmissionRequest request, Document<Upload> document, Func<SubmissionFields, SubmissionFields> refine, CancellationToken cancellationToken)
    {
        document = await book.FinishAsync(request.Tenant, document);
        var (id, media) = (document.Value.AnalysisId, document.Value.Media!);
        if (document.Value.State == UploadState.Submitted)
        {
            if (await FindAnalysisAsync(request.Tenant, id, cancellationToken) is { } made)
            {
                await book.ForgetContentAsync(document);
                return Repeated(made);
            }

            // A process died before the record; or the analysis was deleted, and the file with it.
            if (!await objects.ExistsAsync(media.Key, cancellationToken)) throw Deleted();
        }

        try
        {
            var outcome = await submitter.SubmitStoredAsync(
                request, id, media, refine(document.Value.Fields), async () => document = await book.MarkSubmittedAsync(document, CancellationToken.None), cancellationToken);
            if (outcome.Analysis.Id == id) await book.ForgetContentAsync(document);
            return outcome;
        }
        catch (AnalysisExistsException)
        {
            return await FindAnalysisAsync(request.Tenant, id, cancellationToken) is { } made ? Repeated(made) : throw Deleted();
        }
    }

    /// <summary>An analysis as its submission was answered, or its result where that is all there is; null without any.</summary>
    public async Task<Analysis?> FindAnalysisAsync(string tenant, string id, CancellationToken cancellationToken) =>
        await analyses.FindAsync(tenant, id, cancellationToken) is { } state ? Submitter.Accepted(state.Record) : await history.FindAsync(tenant, id, cancellationToken);

    private static SubmissionOutcome Repeated(Analysis analysis) => new(analysis, OutcomeKind.Accepted) { IsReplayed = true };

    private static SubmissionRejectedException Deleted() => new(ErrorCodes.NotFound, "The upload was submitted, and its analysis deleted.");
}
