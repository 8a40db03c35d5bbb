using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Submission;

/// <summary><c>POST /v1/analyses</c>.</summary>
internal static class SubmitEndpoint
{
    /// <summary>
    /// Room above the file limit in the server's own limit: for the form around the file, and for what is read and thrown away after a
    /// refusal, since a client that is cut off while sending does not get to see why.
    /// </summary>
    private const long Margin = 16 * 1024 * 1024;

    public static async Task<IResult> HandleAsync(HttpContext context, Submitter submitter, IOptions<IngestOptions> options)
    {
        var request = context.Request;
        try
        {
            LimitBody(request, options.Value.MaxBytes);
            if (request.ContentLength == 0) throw new SubmissionRejectedException(ErrorCodes.EmptyBody, "The request has no body.");
            var analysis = await submitter.SubmitAsync(
                context.GetCaller().Tenant,
                store => FormBody.IsForm(request) ? FormBody.ReadAsync(request, store, context.RequestAborted) : RawBody.ReadAsync(request, store),
                context.RequestAborted);
            IngestMetrics.Accepted(analysis);
            return TypedResults.Accepted($"/v1/analyses/{analysis.Id}", analysis);
        }
        catch (SubmissionRejectedException e)
        {
            IngestMetrics.Rejected(e.Code);
            return Problem.Answer(e.Code, e.Message, retryAfter: e.RetryAfter);
        }
        catch (BadHttpRequestException e) when (!context.RequestAborted.IsCancellationRequested)
        {
            var code = ProblemCatalogue.CodeOf(e.StatusCode);
            IngestMetrics.Rejected(code);
            return Problem.Answer(code, e.StatusCode == StatusCodes.Status408RequestTimeout ? "The body came too slowly." : "The body is malformed or too large.", e.StatusCode);
        }
        catch (Exception e) when (e is IOException || (e is OperationCanceledException && context.RequestAborted.IsCancellationRequested))
        {
            // Faults of the stores come as rejections: this is the connection.
            IngestMetrics.Rejected("client_gone");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
    }

    private static void LimitBody(HttpRequest request, long maxBytes)
    {
        var limit = request.HttpContext.Features.Get<IHttpMaxRequestBodySizeFeature>();
        var declaredTooLarge = request.ContentLength > maxBytes + Margin;
        if (limit is { IsReadOnly: false }) limit.MaxRequestBodySize = declaredTooLarge ? null : maxBytes + Margin;
        if (declaredTooLarge) throw UploadStream.TooLarge(maxBytes);
    }
}
