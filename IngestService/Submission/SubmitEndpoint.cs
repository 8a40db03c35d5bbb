using Deepfake.Contracts;
using Deepfake.IngestService.Idempotency;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary><c>POST /v1/analyses</c>.</summary>
internal static class SubmitEndpoint
{
    /// <summary>Says that an earlier request with the same key had this answer.</summary>
    public const string ReplayedHeader = "Idempotent-Replayed";

    /// <summary>Says that the result was there before this request.</summary>
    public const string ReusedHeader = "Analysis-Reused";

    /// <summary>
    /// Room above the file limit in the server's own limit: for the form around the file, and for what is read and thrown away after a
    /// refusal, since a client that is cut off while sending does not get to see why.
    /// </summary>
    private const long Margin = 16 * 1024 * 1024;

    public static async Task<IResult> HandleAsync(HttpContext context, Submitter submitter, NamedSubmission named, IOptions<IngestOptions> options)
    {
        var request = context.Request;
        var submission = Read(context, "analysis", options.Value);
        var outcome = JsonBody.IsJson(request)
            ? await named.SubmitAsync(submission, await JsonBody.ReadAsync(request, context.RequestAborted), SubmissionFields.FromQuery(request.Query), context.RequestAborted)
            : await submitter.SubmitAsync(
                submission,
                store => FormBody.IsForm(request) ? FormBody.ReadAsync(request, store, context.RequestAborted) : RawBody.ReadAsync(request, store),
                context.RequestAborted);
        if (outcome is { Kind: OutcomeKind.Accepted, IsReplayed: false }) IngestMetrics.Accepted(outcome.Analysis);
        return Answer(context.Response.Headers, outcome);
    }

    /// <summary>What a request says besides its file, and a limit for its body.</summary>
    /// <param name="context">The request.</param>
    /// <param name="operation">What a key was sent to: the same one at another address is another key.</param>
    /// <param name="options">Settings.</param>
    /// <exception cref="SubmissionRejectedException">It has no body, or a header that is none.</exception>
    public static SubmissionRequest Read(HttpContext context, string operation, IngestOptions options)
    {
        var request = context.Request;
        LimitBody(request, options.MaxBytes);
        if (request.ContentLength == 0) throw new SubmissionRejectedException(ErrorCodes.EmptyBody, "The request has no body.");
        return new SubmissionRequest
        {
            Tenant = context.GetCaller().Tenant,
            Concurrency = SubmissionRequest.ConcurrencyOf(context.GetCaller()),
            ClaimId = IdempotencyKey.Read(request.Headers) is { } key ? IdempotencyKey.DocumentId(operation, key) : null,
            Reuse = Reuse(request.Query),
        };
    }

    /// <summary>Whether a finished result of the same content would do.</summary>
    /// <exception cref="SubmissionRejectedException">Neither yes nor no.</exception>
    public static bool Reuse(IQueryCollection query) => query["reuse"].ToString() switch
    {
        "" or "false" => false,
        "true" => true,
        _ => throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "reuse is 'true' or 'false'."),
    };

    private static IResult Answer(IHeaderDictionary headers, SubmissionOutcome outcome)
    {
        var address = $"/v1/analyses/{outcome.Analysis.Id}";
        if (outcome.IsReplayed) headers[ReplayedHeader] = "true";
        if (outcome.Kind == OutcomeKind.Accepted) return TypedResults.Accepted(address, outcome.Analysis);
        headers.ContentLocation = address;
        headers[ReusedHeader] = "true";
        return TypedResults.Ok(outcome.Analysis);
    }

    private static void LimitBody(HttpRequest request, long maxBytes)
    {
        var limit = request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var declaredTooLarge = request.ContentLength > maxBytes + Margin;
        if (limit is { IsReadOnly: false }) limit.MaxRequestBodySize = declaredTooLarge ? null : maxBytes + Margin;
        if (declaredTooLarge) throw UploadStream.TooLarge(maxBytes);
    }
}
