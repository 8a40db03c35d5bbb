using Deepfake.Gateway.Docs;
using Deepfake.Gateway.Page;
using Deepfake.Gateway.Security;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Deepfake.Gateway;

/// <summary>
/// What the public sees besides the API: page, interactive documents, security headers, CORS, errors. Needs no proxy, so that a host
/// that holds the services itself has the same door.
/// </summary>
public static class FrontDoor
{
    /// <summary>Adds what the front door needs.</summary>
    public static IHostApplicationBuilder AddFrontDoor(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblems();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        builder.AddOrigins();
        builder.AddPage();
        return builder;
    }

    /// <summary>Errors, headers and CORS, in this order, before everything else.</summary>
    public static IApplicationBuilder UseFrontDoor(this IApplicationBuilder app) => app.UseSecurityHeaders().UseProblems().UseCors();

    /// <summary>Maps <c>/</c>, the page's files, and <c>/docs</c>.</summary>
    public static IEndpointRouteBuilder MapFrontDoor(this IEndpointRouteBuilder app) => app.MapPage().MapApiDocs();
}
