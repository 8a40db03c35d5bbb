using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>Scopes as authorization policies: one of the same name for each of <see cref="Scopes"/>.</summary>
public static class ScopePolicies
{
    /// <summary>
    /// Adds the policies, and a fallback policy for endpoints that name none: they ask for a caller, so that what somebody forgot to declare
    /// is closed. What is open to everybody says <c>AllowAnonymous</c>.
    /// </summary>
    public static IHostApplicationBuilder AddScopePolicies(this IHostApplicationBuilder builder)
    {
        var policies = builder.Services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().Build());
        foreach (var scope in Scopes.All) policies.AddPolicy(scope, policy => policy.RequireAuthenticatedUser().RequireClaim(CallerIdentity.ScopeClaim, scope));
        builder.Services.AddSingleton<IAuthorizationMiddlewareResultHandler, AuthorizationProblems>();
        return builder;
    }

    /// <summary>Says which scope an endpoint asks of its caller; said twice, both are needed.</summary>
    /// <param name="builder">The endpoint or group.</param>
    /// <param name="scope">One of <see cref="Scopes"/>.</param>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder => builder.RequireAuthorization(scope);
}
