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

    /// <summary>Analyses of the key that may be unfinished at once; null for any number.</summary>
    public int? KeyConcurrency { get; init; }

    /// <summary>Analyses of the tenant that may be unfinished at once; null for any number.</summary>
    public int? TenantConcurrency { get; init; }
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

    /// <summary>Manage the API keys of the tenant.</summary>
    public const string Admin = "admin";

    /// <summary>Manage the installation: keys of every tenant, limits, models.</summary>
    public const string Operator = "operator";

    /// <summary>Every scope.</summary>
    public static IReadOnlySet<string> All { get; } = new HashSet<string> { Write, Read, Webhooks, Review, Admin, Operator };
}
