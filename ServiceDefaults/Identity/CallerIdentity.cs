using System.Security.Claims;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Http;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>A caller as ASP.NET Core knows users: the identity that every authentication scheme of the product makes.</summary>
public sealed class CallerIdentity : ClaimsIdentity
{
    /// <summary>Claim: <see cref="Identity.Caller.Tenant"/>.</summary>
    public const string TenantClaim = "tenant";

    /// <summary>Claim: <see cref="Identity.Caller.KeyId"/>; missing without a key.</summary>
    public const string KeyClaim = "key_id";

    /// <summary>Claim, one for each scope: what <see cref="ScopePolicies"/> look at.</summary>
    public const string ScopeClaim = "scope";

    /// <summary>Names a caller.</summary>
    /// <param name="caller">The caller.</param>
    /// <param name="scheme">The authentication scheme that found them out.</param>
    public CallerIdentity(Caller caller, string scheme)
        : base(Describe(caller), scheme, KeyClaim, ScopeClaim) => Caller = caller;

    /// <summary>The caller whole.</summary>
    public Caller Caller { get; }

    /// <summary>The answer of an authentication handler that found the caller out.</summary>
    public static AuthenticateResult Success(Caller caller, string scheme) =>
        AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(new CallerIdentity(caller, scheme)), scheme));

    private static IEnumerable<Claim> Describe(Caller caller)
    {
        yield return new Claim(TenantClaim, caller.Tenant);
        if (caller.KeyId is { } key) yield return new Claim(KeyClaim, key);
        foreach (var scope in caller.Scopes) yield return new Claim(ScopeClaim, scope);
    }
}

/// <summary>Callers of requests.</summary>
public static class CallerExtensions
{
    /// <summary>Who sent this request. Endpoints that let everybody in must not ask.</summary>
    /// <exception cref="InvalidOperationException">No authentication scheme found it out.</exception>
    public static Caller GetCaller(this HttpContext context) =>
        (context.User.Identity as CallerIdentity)?.Caller ?? throw new InvalidOperationException("The request has no caller.");
}
