using Deepfake.Gateway.Docs;
using Deepfake.Gateway.Identity;
using Deepfake.Gateway.Page;
using Deepfake.Gateway.Security;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Deepfake.Gateway;

/// <summary>
/// What the public sees besides the API: page, interactive documents, keys and sessions, security headers, CORS, errors. Needs no proxy,
/// so that a host that holds the services itself has the same door; needs the host's infrastructure.
/// </summary>
public static class FrontDoor
{
    /// <summary>Adds what the front door needs.</summary>
    public static IHostApplicationBuilder AddFrontDoor(this IHostApplicationBuilder builder)
    {
        builder.Services.AddProblems();
        builder.Services.Configure<KestrelServerOptions>(kestrel => kestrel.AddServerHeader = false);
        builder.AddKnownProxies();
        builder.AddOrigins();
        builder.AddIdentity();
        builder.AddPage();
        return builder;
    }

    /// <summary>Clients' addresses, headers, errors, CORS and callers, in this order, before everything else.</summary>
    public static IApplicationBuilder UseFrontDoor(this IApplicationBuilder app) => app.UseKnownProxies().UseSecurityHeaders().UseProblems().UseCors().UseIdentity();

    /// <summary>Maps <c>/</c>, the page's files, <c>/docs</c>, keys and sessions.</summary>
    public static IEndpointRouteBuilder MapFrontDoor(this IEndpointRouteBuilder app)
    {
        app.MapIdentity();
        return app.MapPage().MapApiDocs().MapApiDocument();
    }
}
