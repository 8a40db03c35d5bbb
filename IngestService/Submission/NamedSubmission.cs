using Deepfake.IngestService.Fetching;
using Deepfake.IngestService.Uploads;

namespace Deepfake.IngestService.Submission;

/// <summary>Makes an analysis of a file that a request names instead of holding it.</summary>
internal sealed class NamedSubmission(UrlSubmission urls, UploadSubmission uploads)
{
    /// <summary>Submits.</summary>
    /// <param name="request">The request.</param>
    /// <param name="body">What it names, and options.</param>
    /// <param name="fields">Options that those of the body go before.</param>
    /// <param name="cancellationToken">Cancels until the file is stored.</param>
    /// <exception cref="SubmissionRejectedException">Not accepted.</exception>
    public Task<SubmissionOutcome> SubmitAsync(SubmissionRequest request, JsonBody body, SubmissionFields fields, CancellationToken cancellationToken) =>
        body.UploadId is { } uploadId
            ? uploads.SubmitAsync(request with { Named = new NamedFile($"upload {uploadId}", body.Over(fields)) }, uploadId, body.Over, cancellationToken)
            : urls.SubmitAsync(request, body.Url!, body.Over(fields), cancellationToken);
}
