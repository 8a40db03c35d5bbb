using System.Data.Common;
using Amazon.Runtime;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Connections;
using StackExchange.Redis;

namespace Deepfake.IngestService.Submission;

/// <summary>Turns what keeps a submission or an upload from being accepted into problems.</summary>
internal sealed partial class RejectionFilter(ILogger<RejectionFilter> logger) : IEndpointFilter
{
    public async ValueTask<object?> InvokeAsync(EndpointFilterInvocationContext context, EndpointFilterDelegate next)
    {
        var http = context.HttpContext;
        try
        {
            return await next(context);
        }
        catch (SubmissionRejectedException e)
        {
            IngestMetrics.Rejected(e.Code);
            return Problem.Answer(e.Code, e.Message, retryAfter: e.RetryAfter);
        }
        catch (BadHttpRequestException e) when (!http.RequestAborted.IsCancellationRequested)
        {
            var code = ProblemCatalogue.CodeOf(e.StatusCode);
            IngestMetrics.Rejected(code);
            return Problem.Answer(code, e.StatusCode == StatusCodes.Status408RequestTimeout ? "The body came too slowly." : "The body is malformed or too large.", e.StatusCode);
        }
        catch (Exception e) when (http.RequestAborted.IsCancellationRequested ? e is IOException or OperationCanceledException : e is ConnectionResetException)
        {
            IngestMetrics.Rejected("client_gone");
            return TypedResults.StatusCode(StatusCodes.Status499ClientClosedRequest);
        }
        catch (Exception e) when (IsOutage(e) && !http.Response.HasStarted)
        {
            Log.Outage(logger, http.Request.Path, e);
            IngestMetrics.Rejected(ErrorCodes.Unavailable);
            return Problem.Answer(ErrorCodes.Unavailable, "A store is out of reach; try again shortly.", retryAfter: TimeSpan.FromSeconds(5));
        }
    }

    private static bool IsOutage(Exception exception) =>
        exception is IOException or TimeoutException or OperationCanceledException or DbException or HttpRequestException or RedisException or AmazonClientException or AmazonServiceException;

    private static partial class Log
    {
        [LoggerMessage(1003, LogLevel.Error, "{Path} could not be served: a store is out of reach")]
        public static partial void Outage(ILogger logger, string path, Exception exception);
    }
}
