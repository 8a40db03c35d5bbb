using System.Text.Encodings.Web;
using Deepfake.Gateway.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// Authenticates the page's requests by the session's cookie. A cookie that does not count, being left over or sent for another site's page, is
/// none: the request may still be a local one.
/// </summary>
internal sealed class SessionHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, IOptions<LimitOptions> limits, KeyRing ring)
    : HeldKeyHandler(options, loggers, encoder, limits)
{
    public const string SchemeName = "Session";

    /// <summary>The token in a request's cookie; null for none.</summary>
    public static string? Read(HttpRequest request) => request.Cookies[SessionEndpoints.Cookie] is { Length: > 0 } token ? token : null;

    protected override async Task<AuthenticateResult> AuthenticateKeyAsync() =>
        Read(Request) is { } token && RequestOrigin.IsOwn(Request, [], trustSilence: false) && await ring.FindSessionAsync(token, Context.RequestAborted) is { } held
            ? Accept(held)
            : await Context.AuthenticateAsync(LocalAccessHandler.SchemeName);
}
