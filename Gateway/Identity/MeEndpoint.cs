using Deepfake.Contracts;
using Deepfake.Gateway.RateLimiting;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary><c>GET /v1/me</c>: who the service takes the caller for.</summary>
internal sealed class MeEndpoint(IOptions<LimitOptions> limits)
{
    public static void Map(RouteGroupBuilder group) =>
        group.MapGet("/me", (HttpContext http, MeEndpoint me) => TypedResults.Json(me.Describe(http), DeepfakeJson.Options)).RequireAuthorization().WithName("GetMe").WithTags("Session")
            .WithSummary("Says who you are taken for, and what you may do.").Produces<Me>().ProducesProblem(401);

    public Me Describe(HeldKey held)
    {
        var effective = limits.Value.For(held.Key);
        return new Me
        {
            Tenant = held.Key.Tenant,
            Scopes = [.. held.Key.Scopes.Order(StringComparer.Ordinal)],
            KeyId = held.Id,
            KeyName = held.Key.Name,
            ExpiresAt = held.Key.ExpiresAt,
            Limits = effective.Key,
            TenantLimits = effective.Tenant,
        };
    }

    private Me Describe(HttpContext http) => http.Features.Get<HeldKey>() is { } held ? Describe(held) : new Me
    {
        Tenant = http.GetCaller().Tenant,
        Scopes = [.. http.GetCaller().Scopes.Order(StringComparer.Ordinal)],
        Local = true,
    };
}

/// <summary>Who a caller is taken for.</summary>
public sealed record Me
{
    /// <summary>Owner of what the caller makes and sees.</summary>
    public required string Tenant { get; init; }

    /// <summary>What the caller may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Id of the key; null without one.</summary>
    public string? KeyId { get; init; }

    /// <summary>Name of the key.</summary>
    public string? KeyName { get; init; }

    /// <summary>When the key stops (UTC).</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Whether the caller needed no key, being at the machine itself.</summary>
    public bool Local { get; init; }

    /// <summary>Limits of the key; null is none.</summary>
    public KeyLimits? Limits { get; init; }

    /// <summary>Limits of all keys of the tenant together.</summary>
    public KeyLimits? TenantLimits { get; init; }
}
