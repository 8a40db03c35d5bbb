using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Fetching;

/// <summary>Makes an analysis of a file that is fetched from an address, inside the request: accepted means durable.</summary>
internal sealed class UrlSubmission(MediaFetcher fetcher, Submitter submitter)
{
    /// <summary>Fetches and submits.</summary>
    /// <param name="request">The request.</param>
    /// <param name="url">Address as the client gave it.</param>
    /// <param name="fields">What the client says about the file; a name of its own goes before the server's.</param>
    /// <param name="cancellationToken">Cancels until the file is stored.</param>
    /// <exception cref="SubmissionRejectedException">Not accepted; nothing is left behind.</exception>
    public async Task<SubmissionOutcome> SubmitAsync(SubmissionRequest request, string url, SubmissionFields fields, CancellationToken cancellationToken)
    {
        var address = fetcher.Read(url);
        request = request with { Named = new NamedFile($"url {address.AbsoluteUri}", fields) };
        if (await submitter.FindReplayAsync(request, cancellationToken) is { } replay) return replay;
        // Looked for again behind this: of many requests with one key, those that waited find the answer.
        using var place = await fetcher.EnterAsync(request.Tenant, cancellationToken);
        return await submitter.SubmitAsync(
            request,
            async take =>
            {
                var name = await fetcher.FetchAsync(address, take, cancellationToken);
                return fields with { FileName = fields.FileName ?? name };
            },
            cancellationToken);
    }
}
