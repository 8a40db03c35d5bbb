namespace Deepfake.Client;

/// <summary>What a new API key is to be.</summary>
public sealed record KeyRequest
{
    /// <summary>Whose it is, what for.</summary>
    public required string Name { get; init; }

    /// <summary><c>analyses:write</c>, <c>analyses:read</c>, <c>webhooks</c>, <c>review</c>, <c>admin</c>, <c>operator</c>.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>Owner of what it makes; null for the caller's own tenant.</summary>
    public string? Tenant { get; init; }

    /// <summary>When it stops; null for never.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }
}

/// <summary>A new key, shown once.</summary>
/// <param name="Key">The key itself.</param>
/// <param name="Description">What is known of it from now on.</param>
public sealed record CreatedKey(string Key, KeyDescription Description);

/// <summary>What is known of a key.</summary>
public sealed record KeyDescription
{
    /// <summary>Public id.</summary>
    public required string Id { get; init; }

    /// <summary>For people.</summary>
    public required string Name { get; init; }

    /// <summary>Owner of what it makes.</summary>
    public required string Tenant { get; init; }

    /// <summary>What it may do.</summary>
    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>When it was made (UTC).</summary>
    public DateTimeOffset CreatedAt { get; init; }

    /// <summary>When it stops (UTC).</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When it was revoked (UTC).</summary>
    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>When it was last used (UTC), to about a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }
}

/// <summary>One page of keys.</summary>
/// <param name="Items">By id.</param>
/// <param name="NextCursor">For the next page; null on the last.</param>
public sealed record KeyPage(IReadOnlyList<KeyDescription> Items, string? NextCursor);
