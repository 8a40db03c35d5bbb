using Deepfake.Contracts;
using Deepfake.Gateway.RateLimiting;
using Deepfake.Gateway.Security;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// Finds out who sends a request: the holder of a key, a browser with a session, or a person at this machine. Whether that is enough is
/// decided by <see cref="ScopeGuard"/>.
/// </summary>
internal sealed partial class Authentication(
    KeyRing ring, IOptions<IdentityOptions> options, IOptions<LimitOptions> limits, NamedOrigins origins, ILogger<Authentication> logger)
{
    private int _saidLocal;

    public async Task FindCallerAsync(HttpContext context)
    {
        // From outside nobody is believed; the proxy puts in our own.
        context.Request.Headers.Remove(CallerToken.Header);
        try
        {
            if (Key(context.Request) is { } text)
            {
                if (!ApiKeyText.TryParse(text, out var parsed)) Fail(context, "The API key is mistyped: its form or checksum is wrong.");
                else if (await ring.FindAsync(parsed, context.RequestAborted) is { } key) Accept(context, key);
                else Fail(context, "The API key is unknown, expired or revoked.");
                return;
            }

            if (await SessionAsync(context) is { } session)
            {
                Accept(context, session);
                return;
            }
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            LogLookupFailed(logger, e);
            context.Features.Set(new CallerFailure(ErrorCodes.Unavailable, "API keys cannot be checked just now; try again shortly."));
            return;
        }

        if (!options.Value.AllowLocal || !RequestOrigin.IsLocal(context) || !RequestOrigin.IsOwn(context.Request, origins.All, trustSilence: true)) return;
        if (Interlocked.Exchange(ref _saidLocal, 1) == 0) LogLocal(logger);
        context.Features.Set(Caller.Local);
    }

    /// <summary>The key a program sends; another scheme of authorization is somebody else's.</summary>
    private static string? Key(HttpRequest request)
    {
        var authorization = request.Headers.Authorization.ToString();
        if (authorization.StartsWith("Bearer ", StringComparison.OrdinalIgnoreCase)) return authorization["Bearer ".Length..].Trim();
        return request.Headers["X-Api-Key"].ToString() is { Length: > 0 } key ? key.Trim() : null;
    }

    private async Task<HeldKey?> SessionAsync(HttpContext context) =>
        context.Request.Cookies[SessionEndpoints.Cookie] is { Length: > 0 } token && RequestOrigin.IsOwn(context.Request, [], trustSilence: false)
            ? await ring.FindSessionAsync(token, context.RequestAborted)
            : null;

    private void Accept(HttpContext context, HeldKey held)
    {
        var effective = limits.Value.For(held.Key);
        context.Features.Set(held);
        context.Features.Set(new Caller(held.Key.Tenant, held.Id, held.Key.Scopes.ToHashSet())
        {
            KeyConcurrency = effective.Key.ConcurrentAnalyses,
            TenantConcurrency = effective.Tenant.ConcurrentAnalyses,
        });
    }

    private static void Fail(HttpContext context, string detail) => context.Features.Set(new CallerFailure(ErrorCodes.Unauthenticated, detail));

    [LoggerMessage(6002, LogLevel.Information, "Requests from this machine need no API key (Identity:AllowLocal); from elsewhere they do")]
    private static partial void LogLocal(ILogger logger);

    [LoggerMessage(6003, LogLevel.Error, "An API key could not be checked: the store is out of reach")]
    private static partial void LogLookupFailed(ILogger logger, Exception exception);
}
