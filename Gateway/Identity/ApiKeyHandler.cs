using System.Text.Encodings.Web;
using Deepfake.Gateway.RateLimiting;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>Authenticates programs by the API key that they send, <c>Authorization: Bearer dfk_…</c> or <c>X-Api-Key</c>.</summary>
internal sealed class ApiKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, IOptions<LimitOptions> limits, KeyRing ring)
    : HeldKeyHandler(options, loggers, encoder, limits)
{
    public const string SchemeName = "ApiKey";

    /// <summary>The key that a request sends; null for none. Another scheme of <c>Authorization</c> is somebody else's.</summary>
    public static string? Read(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return authorization["Bearer ".Length..].Trim();
        return request.Headers["X-Api-Key"].ToString() is { Length: > 0 } key ? key.Trim() : null;
    }

    protected override async Task<AuthenticateResult> AuthenticateKeyAsync()
    {
        if (Read(Request) is not { } text) return AuthenticateResult.NoResult();
        if (!ApiKeyText.TryParse(text, out var key)) return AuthenticateResult.Fail("The API key is mistyped: its form or checksum is wrong.");
        return await ring.FindAsync(key, Context.RequestAborted) is { } held ? Accept(held) : AuthenticateResult.Fail("The API key is unknown, expired or revoked.");
    }
}
