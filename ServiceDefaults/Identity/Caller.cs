using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>Who sent a request, and what they may do.</summary>
/// <param name="Tenant">Owner of everything that the request reads and writes.</param>
/// <param name="KeyId">Public id of the API key; null without one.</param>
/// <param name="Scopes">Some of <see cref="Identity.Scopes"/>.</param>
public sealed record Caller(string Tenant, string? KeyId, IReadOnlySet<string> Scopes)
{
    /// <summary>The one tenant of an installation without keys.</summary>
    public const string DefaultTenant = "default";

    /// <summary>The person at the machine of an installation without keys: may do everything.</summary>
    public static Caller Local { get; } = new(DefaultTenant, null, Identity.Scopes.All);
}

/// <summary>What an API key can be allowed to do.</summary>
public static class Scopes
{
    /// <summary>Submit, cancel and delete analyses.</summary>
    public const string Write = "analyses:write";

    /// <summary>Read analyses, their pictures, lists and statistics.</summary>
    public const string Read = "analyses:read";

    /// <summary>Manage webhook endpoints.</summary>
    public const string Webhooks = "webhooks";

    /// <summary>Record a reviewer's verdict and export ground truth.</summary>
    public const string Review = "review";

    /// <summary>Manage API keys and models.</summary>
    public const string Admin = "admin";

    /// <summary>Every scope.</summary>
    public static IReadOnlySet<string> All { get; } = new HashSet<string> { Write, Read, Webhooks, Review, Admin };
}

/// <summary>Ties callers to requests and scopes to endpoints.</summary>
public static class CallerExtensions
{
    /// <summary>Who sent this request.</summary>
    public static Caller GetCaller(this HttpContext context) => context.Features.Get<Caller>() ?? Caller.Local;

    /// <summary>Says which scope an endpoint asks of its caller.</summary>
    /// <param name="builder">The endpoint or group.</param>
    /// <param name="scope">One of <see cref="Scopes"/>.</param>
    public static TBuilder RequireScope<TBuilder>(this TBuilder builder, string scope)
        where TBuilder : IEndpointConventionBuilder => builder.WithMetadata(new RequiredScope(scope));
}

/// <summary>Metadata of an endpoint: what its caller has to be allowed.</summary>
/// <param name="Name">One of <see cref="Scopes"/>.</param>
public sealed record RequiredScope(string Name);
