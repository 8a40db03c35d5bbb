using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>Which requests need a caller.</summary>
public static class EndpointAccess
{
    /// <summary>
    /// Whether a request is let in whoever sent it: its endpoint says <c>AllowAnonymous</c>, or there is none. Routing answers 404 and 405
    /// without one of ours; below <c>/v1</c> even that is told to callers only.
    /// </summary>
    public static bool IsOpen(HttpContext context) => context.GetEndpoint() is RouteEndpoint endpoint
        ? endpoint.Metadata.GetMetadata<IAllowAnonymous>() is not null
        : !context.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase);
}
