using Deepfake.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Logging;

namespace Deepfake.ServiceDefaults.Tracing;

/// <summary>
/// Names the analysis in the span and the log lines of requests that are about one: of those to an address below
/// <c>/v1/analyses/{id}</c> from their start, of those that made one as soon as the answer says where it is.
/// </summary>
internal sealed class AnalysisRequests(ILogger<AnalysisRequests> logger) : IStartupFilter
{
    private const string Addresses = "/v1/analyses/";

    // Location of what was made; Content-Location of what is answered; the header of resumable uploads, whose Location is the upload.
    private static readonly string[] Headers = ["Content-Location", "Analysis-Location", "Location"];

    /// <inheritdoc/>
    public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
    {
        app.Use(NameAsync);
        next(app);
    };

    /// <summary>The id in the path of an address; null where it is about none.</summary>
    internal static string? Read(string? address)
    {
        if (address is null || !address.StartsWith(Addresses, StringComparison.OrdinalIgnoreCase)) return null;
        var end = address.AsSpan(Addresses.Length).IndexOfAny('/', '?');
        var id = end < 0 ? address[Addresses.Length..] : address.Substring(Addresses.Length, end);
        return id.Length is > 3 and <= 64 && id.StartsWith("an_", StringComparison.Ordinal) && id.All(c => char.IsAsciiLetterOrDigit(c) || c == '_') ? id : null;
    }

    private async Task NameAsync(HttpContext context, RequestDelegate next)
    {
        var activity = context.Features.Get<IHttpActivityFeature>()?.Activity;
        if (Read(context.Request.Path.Value) is { } id)
        {
            activity?.SetTag(TelemetryTags.AnalysisId, id);
            using (logger.BeginAnalysisScope(id)) await next(context);
            return;
        }

        await next(context);
        if (activity is null) return;
        foreach (var header in Headers)
        {
            if (Read(context.Response.Headers[header]) is not { } made) continue;
            activity.SetTag(TelemetryTags.AnalysisId, made);
            return;
        }
    }
}
