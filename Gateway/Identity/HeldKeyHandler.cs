using System.Text.Encodings.Web;
using Deepfake.Gateway.RateLimiting;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>What the schemes of a key and of its session have in common: the caller is what the key says, and the key goes along for its limits.</summary>
internal abstract partial class HeldKeyHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, IOptions<LimitOptions> limits)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    protected sealed override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        try
        {
            return await AuthenticateKeyAsync();
        }
        catch (Exception e) when (!Context.RequestAborted.IsCancellationRequested)
        {
            LogLookupFailed(Logger, e);
            return AuthenticateResult.Fail(new CallerUnavailableException("API keys cannot be checked just now; try again shortly.", e));
        }
    }

    /// <summary>The answer; an exception means that the store cannot be asked.</summary>
    protected abstract Task<AuthenticateResult> AuthenticateKeyAsync();

    /// <summary>The answer for a key that holds.</summary>
    protected AuthenticateResult Accept(HeldKey held)
    {
        var effective = limits.Value.For(held.Key);
        Context.Features.Set(held);
        return CallerIdentity.Success(
            new Caller(held.Key.Tenant, held.Id, held.Key.Scopes.ToHashSet())
            {
                KeyConcurrency = effective.Key.ConcurrentAnalyses,
                TenantConcurrency = effective.Tenant.ConcurrentAnalyses,
            },
            Scheme.Name);
    }

    [LoggerMessage(6003, LogLevel.Error, "An API key could not be checked: the store is out of reach")]
    private static partial void LogLookupFailed(ILogger logger, Exception exception);
}
