namespace Deepfake.Gateway.Security;

/// <summary>Headers that tell browsers what this origin never does.</summary>
public static class SecurityHeaders
{
    /// <summary>
    /// The page is built from modules without inline script or style; it shows local previews (<c>blob:</c>) and small pictures
    /// (<c>data:</c>), and talks to its own origin only.
    /// </summary>
    private const string PagePolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; connect-src 'self'; "
        + "manifest-src 'self'; worker-src 'self' blob:; base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

    /// <summary>The interactive API documents style their elements inline.</summary>
    private const string DocsPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; font-src 'self' data:; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

    private const string Permissions =
        "accelerometer=(), camera=(), display-capture=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), midi=(), payment=(), usb=()";

    /// <summary>Sets them on every answer, proxied and failed ones included. API answers are not cached unless they say so.</summary>
    public static IApplicationBuilder UseSecurityHeaders(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        // At the last moment: error handling and forwarding clear headers on their way.
        context.Response.OnStarting(static state => Apply((HttpContext)state), context);
        return next(context);
    });

    private static Task Apply(HttpContext context)
    {
        var headers = context.Response.Headers;
        var path = context.Request.Path;
        // A picture or a report brings a stricter policy of its own.
        if (headers.ContentSecurityPolicy.Count == 0)
            headers.ContentSecurityPolicy = path.StartsWithSegments("/docs", StringComparison.OrdinalIgnoreCase) ? DocsPolicy : PagePolicy;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Permissions-Policy"] = Permissions;
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        // No other site shows our pictures as its own; origins that CORS lets in still read them.
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers.Remove("Server");
        if (headers.CacheControl.Count == 0 && (path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) || context.Response.StatusCode >= 400)) headers.CacheControl = "no-store";
        return Task.CompletedTask;
    }
}
