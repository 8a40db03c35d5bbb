using Deepfake.Gateway.RateLimiting;

namespace Deepfake.Gateway.Identity;

/// <summary>What a new key is to be.</summary>
public sealed record CreateKey
{
    /// <summary>For people: whose it is, what for. 1–100 characters.</summary>
    public string? Name { get; init; }

    /// <summary>Owner of what the key makes: lower-case letters, digits, <c>-</c>, <c>_</c>, at most 63. The caller's own where it is left out.</summary>
    public string? Tenant { get; init; }

    /// <summary>What it may do: <c>analyses:write</c>, <c>analyses:read</c>, <c>webhooks</c>, <c>review</c>, <c>admin</c>, <c>operator</c>.</summary>
    public IReadOnlyList<string>? Scopes { get; init; }

    /// <summary>When it stops (ISO 8601); never where it is left out.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>Limits of its own.</summary>
    public KeyLimits? Limits { get; init; }

    /// <returns>What is wrong; null if nothing is.</returns>
    internal string? Complaint(DateTimeOffset now)
    {
        if (string.IsNullOrWhiteSpace(Name) || Name.Length > 100 || Name.Any(char.IsControl)) return "'name' has 1–100 characters.";
        if (Tenant is not null && !IsTenant(Tenant)) return "'tenant' has 1–63 lower-case letters, digits, '-' or '_', a letter or digit first.";
        if (Scopes is not { Count: > 0 }) return "'scopes' names at least one scope.";
        if (Scopes.FirstOrDefault(scope => !ServiceDefaults.Identity.Scopes.All.Contains(scope)) is { } unknown) return $"There is no scope '{Shorten(unknown)}'.";
        if (ExpiresAt <= now) return "'expires_at' is past.";
        return Limits is null || LimitOptions.IsValid(Limits) ? null : "A limit is negative or too large.";
    }

    private static string Shorten(string text) => text.Length > 40 ? text[..40] + "…" : text;

    private static bool IsTenant(string name) =>
        name.Length is >= 1 and <= 63 && name[0] is not ('-' or '_') && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '-' or '_');
}

/// <summary>A key and its secret, shown once.</summary>
/// <param name="Key">Send it as <c>Authorization: Bearer …</c> or <c>X-Api-Key</c>. It cannot be shown again.</param>
/// <param name="Description">What is known of it from now on.</param>
public sealed record NewKey(string Key, KeyDescription Description);

/// <summary>What is known of a key.</summary>
public sealed record KeyDescription
{
    /// <summary>Public id: the part of the key between its underscores.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Owner of what it makes.</summary>
    public required string Tenant { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops (UTC).</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked (UTC).</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>When it was last used (UTC), to about a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Until when the secret before the last rotation holds (UTC).</summary>
    public DateTimeOffset? FormerSecretUntil { get; init; }

    /// <summary>Limits of its own.</summary>
    public KeyLimits? Limits { get; init; }

    internal static KeyDescription Of(string id, ApiKey key) => new()
    {
        Id = id,
        Name = key.Name,
        Tenant = key.Tenant,
        Scopes = key.Scopes,
        CreatedAt = key.CreatedAt,
        ExpiresAt = key.ExpiresAt,
        RevokedAt = key.RevokedAt,
        LastUsedAt = key.LastUsedAt,
        FormerSecretUntil = key.FormerUntil,
        Limits = key.Limits,
    };
}

/// <summary>One page of keys.</summary>
/// <param name="Items">By id.</param>
/// <param name="NextCursor">Opaque; null on the last page.</param>
public sealed record KeyPage(IReadOnlyList<KeyDescription> Items, string? NextCursor);
