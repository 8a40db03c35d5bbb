using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Authorization.Infrastructure;
using Microsoft.AspNetCore.Authorization.Policy;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>
/// Answers requests that authorization refuses as problem+json: 401 without a caller, 403 to one who lacks a scope, 503 where callers cannot be
/// found out. One place for all schemes, because they are challenged alike, and for hosts without a scheme, which let nobody in.
/// </summary>
internal sealed class AuthorizationProblems : IAuthorizationMiddlewareResultHandler
{
    public async Task HandleAsync(RequestDelegate next, HttpContext context, AuthorizationPolicy policy, PolicyAuthorizationResult authorizeResult)
    {
        if (authorizeResult.Succeeded || EndpointAccess.IsOpen(context)) await next(context);
        else if (authorizeResult.Forbidden) await ForbidAsync(context, authorizeResult.AuthorizationFailure?.FailedRequirements ?? []);
        else await ChallengeAsync(context);
    }

    private static async Task ChallengeAsync(HttpContext context)
    {
        var failure = context.RequestServices.GetService<IAuthenticationService>() is null ? null : (await context.AuthenticateAsync()).Failure;
        if (failure is CallerUnavailableException)
        {
            await Problem.Answer(ErrorCodes.Unavailable, failure.Message, retryAfter: TimeSpan.FromSeconds(5)).ExecuteAsync(context);
            return;
        }

        context.Response.Headers.WWWAuthenticate = failure is null ? "Bearer realm=\"deepfake\"" : "Bearer realm=\"deepfake\", error=\"invalid_token\"";
        await Problem.Answer(ErrorCodes.Unauthenticated, failure?.Message ?? "Send an API key: \"Authorization: Bearer dfk_…\" or \"X-Api-Key: dfk_…\".").ExecuteAsync(context);
    }

    private static Task ForbidAsync(HttpContext context, IEnumerable<IAuthorizationRequirement> failed)
    {
        if (failed.OfType<ClaimsAuthorizationRequirement>().FirstOrDefault(claim => claim.ClaimType == CallerIdentity.ScopeClaim)?.AllowedValues?.FirstOrDefault() is not { } scope)
            return Problem.Answer(ErrorCodes.Forbidden, "The caller is not allowed to do this.").ExecuteAsync(context);
        context.Response.Headers.WWWAuthenticate = $"Bearer realm=\"deepfake\", error=\"insufficient_scope\", scope=\"{scope}\"";
        return Problem.Answer(ErrorCodes.Forbidden, $"The API key lacks the scope '{scope}'.").ExecuteAsync(context);
    }
}

/// <summary>Why a request has no caller although it brought what could name one: the store cannot be asked. Its message is for the client.</summary>
/// <param name="message">One plain sentence.</param>
/// <param name="inner">What the store said.</param>
public sealed class CallerUnavailableException(string message, Exception inner) : Exception(message, inner);
