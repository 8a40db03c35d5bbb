using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>The one place that holds callers against what endpoints ask of them.</summary>
public static class ScopeGuard
{
    /// <summary>Says which scope an endpoint asks of its caller; said twice, both are needed.</summary>
    /// <param name="builder">The endpoint or group.</param>
    /// <param name="scope">One of <see cref="Scopes"/>.</param>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredScope(scope));

    /// <summary>Says that an endpoint outside <c>/v1</c> asks for a caller, whatever their scopes.</summary>
    public static TBuilder RequireCaller<TBuilder>(this TBuilder builder)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(RequiredCaller.Instance);

    /// <summary>
    /// Answers 401 without a caller and 403 to one who lacks a scope. What lies below <c>/v1</c> asks for a caller even where it names no
    /// scope, unless it says <c>AllowAnonymous</c>: what somebody forgot to declare is closed, not open.
    /// </summary>
    public static IApplicationBuilder UseScopes(this IApplicationBuilder app) => app.Use((context, next) =>
    {
        if (!NeedsCaller(context)) return next(context);
        var scopes = context.GetEndpoint()!.Metadata.GetOrderedMetadata<RequiredScope>();
        if (context.Features.Get<Caller>() is not { } caller) return RefuseAsync(context);
        return scopes.FirstOrDefault(scope => !caller.Scopes.Contains(scope.Name)) is { } lacking ? ForbidAsync(context, lacking.Name) : next(context);
    });

    /// <summary>Whether the endpoint of a request asks for a caller.</summary>
    public static bool NeedsCaller(HttpContext context)
    {
        if (context.GetEndpoint()?.Metadata is not { } metadata) return false;
        return metadata.GetMetadata<RequiredScope>() is not null || metadata.GetMetadata<RequiredCaller>() is not null
            || (context.Request.Path.StartsWithSegments("/v1", StringComparison.OrdinalIgnoreCase) && metadata.GetMetadata<IAllowAnonymous>() is null);
    }

    private static Task RefuseAsync(HttpContext context)
    {
        var failure = context.Features.Get<CallerFailure>();
        if (failure is { Code: not ErrorCodes.Unauthenticated }) return Problem.Answer(failure.Code, failure.Detail, retryAfter: TimeSpan.FromSeconds(5)).ExecuteAsync(context);
        context.Response.Headers.WWWAuthenticate = failure is null ? "Bearer realm=\"deepfake\"" : "Bearer realm=\"deepfake\", error=\"invalid_token\"";
        return Problem.Answer(ErrorCodes.Unauthenticated, failure?.Detail ?? "Send an API key: \"Authorization: Bearer dfk_…\" or \"X-Api-Key: dfk_…\".").ExecuteAsync(context);
    }

    private static Task ForbidAsync(HttpContext context, string scope)
    {
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"deepfake\", error=\"insufficient_scope\", scope=\"{scope}\"";
        return Problem.Answer(ErrorCodes.Forbidden, $"The API key lacks the scope '{scope}'.").ExecuteAsync(context);
    }
}

/// <summary>Metadata of an endpoint: what its caller has to be allowed.</summary>
/// <param name="Name">One of <see cref="Scopes"/>.</param>
public sealed record RequiredScope(string Name);

/// <summary>Metadata of an endpoint: it has to have a caller.</summary>
public sealed record RequiredCaller
{
    internal static RequiredCaller Instance { get; } = new();
}
