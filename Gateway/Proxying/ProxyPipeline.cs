using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.AspNetCore.Http.Timeouts;
using Microsoft.Net.Http.Headers;
using Yarp.ReverseProxy.Forwarder;

namespace Deepfake.Gateway.Proxying;

/// <summary>What surrounds forwarding: early refusal of hopeless bodies, a second try where it is safe, errors in the one form.</summary>
internal static class ProxyPipeline
{
    public static void Build(IReverseProxyApplicationBuilder pipeline)
    {
        pipeline.Use(NameCallerAsync);
        pipeline.Use(RefuseTooLargeAsync);
        pipeline.Use(ExplainFailureAsync);
        pipeline.Use(TryAnotherAsync);
        pipeline.UseLoadBalancing();
        pipeline.UsePassiveHealthChecks();
    }

    /// <summary>Services hear who calls, and never the secret that proves it.</summary>
    private static Task NameCallerAsync(HttpContext context, RequestDelegate next)
    {
        var headers = context.Request.Headers;
        headers.Remove(HeaderNames.Authorization);
        headers.Remove("X-Api-Key");
        headers.Remove(HeaderNames.Cookie);
        // In place of one that came from outside, which nobody believes.
        headers[CallerToken.Header] = context.RequestServices.GetRequiredService<CallerToken>().Write(context.GetCaller());
        return next(context);
    }

    private static Task RefuseTooLargeAsync(HttpContext context, RequestDelegate next)
    {
        if (context.GetRouteModel().Config.MaxRequestBodySize is not { } most || context.Request.ContentLength is not { } length || length <= most) return next(context);
        // Without the server's own limit it reads on for a moment after the answer, so that the client gets to see it.
        if (context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } feature) feature.MaxRequestBodySize = null;
        return Problem.Answer(ErrorCodes.TooLarge, string.Create(CultureInfo.InvariantCulture, $"The body is larger than {(most - ProxyTable.BodyMargin) / 1048576.0:0.##} MB.")).ExecuteAsync(context);
    }

    private static async Task ExplainFailureAsync(HttpContext context, RequestDelegate next)
    {
        await next(context);
        var response = context.Response;
        // Running out of time looks like a client that left: both cancel the request.
        var isLate = context.Features.Get<IHttpRequestTimeoutFeature>()?.RequestTimeoutToken.IsCancellationRequested == true;
        if (response.HasStarted || (context.RequestAborted.IsCancellationRequested && !isLate)) return;
        // An error that a service explained is passed on as it is.
        var isBare = response.ContentLength is null or 0 && string.IsNullOrEmpty(response.ContentType);
        if (context.GetForwarderErrorFeature() is null && !(isBare && response.StatusCode is 502 or 503 or 504)) return;

        response.Headers.ContentLength = null;
        var (code, status, detail) = (isLate ? StatusCodes.Status504GatewayTimeout : response.StatusCode) switch
        {
            413 => (ErrorCodes.TooLarge, 413, "The body is too large."),
            408 => (ErrorCodes.InvalidRequest, 408, "The body came too slowly."),
            >= 400 and < 500 => (ErrorCodes.InvalidRequest, 400, "The body could not be read to its end."),
            504 => (ErrorCodes.Unavailable, 504, "The service did not answer in time."),
            _ => (ErrorCodes.Unavailable, 503, "The service behind this address is out of reach; try again shortly."),
        };
        var retryAfter = status is 503 ? TimeSpan.FromSeconds(5) : (TimeSpan?)null;
        await Problem.Answer(code, detail, status, retryAfter).ExecuteAsync(context);
    }

    /// <summary>A read that met a dead replica goes to another one: nobody needs to see a restart.</summary>
    private static async Task TryAnotherAsync(HttpContext context, RequestDelegate next)
    {
        var proxy = context.GetReverseProxyFeature();
        var available = proxy.AvailableDestinations;
        await next(context);
        if (!(HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method))) return;
        if (context.Response.HasStarted || context.RequestAborted.IsCancellationRequested) return;
        if (context.GetForwarderErrorFeature() is not { Error: ForwarderError.Request }) return;
        var others = available.Where(destination => destination != proxy.ProxiedDestination).ToList();
        if (others.Count == 0) return;

        context.Features.Set<IForwarderErrorFeature>(null);
        context.Response.Clear();
        proxy.AvailableDestinations = others;
        await next(context);
    }
}
