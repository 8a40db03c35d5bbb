using System.Net;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// Where a request comes from, for authority that a browser adds by itself (a cookie, or being on this machine): another site's page may
/// make the browser send a request, and must gain nothing by it.
/// </summary>
internal static class RequestOrigin
{
    // The last ones are what the framework leaves of the first where it is told to believe them.
    private static readonly string[] ProxyHeaders =
        ["Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Via", "X-Original-For", "X-Original-Host", "X-Original-Proto"];

    /// <summary>
    /// Whether it was sent on this machine to this machine. One that came through a proxy was not, as far as anybody knows; nor one
    /// for another name, which a hostile site's DNS may have pointed here; nor HTTP/1.0, which a plainly configured nginx speaks to what is
    /// behind it, under its name, and nobody else does.
    /// </summary>
    public static bool IsLocal(HttpContext context) =>
        context.Connection.RemoteIpAddress is { } address && IPAddress.IsLoopback(address)
        && IsLoopbackName(context.Request.Host.Host)
        && !HttpProtocol.IsHttp10(context.Request.Protocol)
        && !Array.Exists(ProxyHeaders, context.Request.Headers.ContainsKey);

    /// <summary>Whether a page of another origin is not behind it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="trusted">Other origins whose pages may.</param>
    /// <param name="trustSilence">Whether a change is let in that says nothing of its origin: a program, or a browser of long ago.</param>
    public static bool IsOwn(HttpRequest request, IReadOnlyCollection<string> trusted, bool trustSilence)
    {
        var origin = request.Headers.Origin.ToString();
        if (origin.Length > 0 && trusted.Contains(origin, StringComparer.OrdinalIgnoreCase)) return true;
        // Browsers forbid scripts to set it. They send it only over https and to this machine.
        if (request.Headers["Sec-Fetch-Site"].ToString() is { Length: > 0 } site) return site is "same-origin" or "none" || (origin.Length == 0 && IsHarmless(request));
        if (origin.Length > 0) return Uri.TryCreate(origin, UriKind.Absolute, out var uri) && uri.UserInfo.Length == 0 && string.Equals(uri.Authority, Authority(request, uri), StringComparison.OrdinalIgnoreCase);
        return trustSilence || IsHarmless(request);
    }

    /// <summary>A read whose answer the other page does not get to see. An upgrade is none: WebSockets know no such protection.</summary>
    private static bool IsHarmless(HttpRequest request) =>
        (HttpMethods.IsGet(request.Method) || HttpMethods.IsHead(request.Method)) && !request.HttpContext.WebSockets.IsWebSocketRequest && !request.Headers.ContainsKey("Upgrade");

    /// <summary>Host and port as the client named them; a default port is left out by browsers and by <see cref="Uri.Authority"/>.</summary>
    private static string Authority(HttpRequest request, Uri like) =>
        request.Host is { Port: { } port, Host: var host } && port == (like.Scheme == "https" ? 443 : 80) ? host : request.Host.Value ?? "";

    private static bool IsLoopbackName(string host) =>
        string.Equals(host, "localhost", StringComparison.OrdinalIgnoreCase) || host.EndsWith(".localhost", StringComparison.OrdinalIgnoreCase)
        || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));
}
