using System.Security.Cryptography;
using Deepfake.Gateway.RateLimiting;

namespace Deepfake.Gateway.Identity;

/// <summary>What is stored of an API key; never the key itself.</summary>
internal sealed record ApiKey
{
    public required string Tenant { get; init; }

    public required string Name { get; init; }

    public required IReadOnlyList<string> Scopes { get; init; }

    /// <summary>SHA-256 of the secret.</summary>
    public required byte[] SecretHash { get; init; }

    /// <summary>That of the secret before the last rotation.</summary>
    public byte[]? FormerHash { get; init; }

    /// <summary>Until when the former secret holds.</summary>
    public DateTimeOffset? FormerUntil { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }

    public DateTimeOffset? ExpiresAt { get; init; }

    public DateTimeOffset? RevokedAt { get; init; }

    /// <summary>About when it was last used; behind by a minute or so.</summary>
    public DateTimeOffset? LastUsedAt { get; init; }

    /// <summary>Limits other than those of <see cref="LimitOptions"/>.</summary>
    public KeyLimits? Limits { get; init; }

    public bool HoldsAt(DateTimeOffset now) => RevokedAt is null && !(ExpiresAt <= now);

    /// <summary>Whether a hash is that of a secret that holds now. Takes as long whatever differs.</summary>
    public bool Matches(ReadOnlySpan<byte> hash, DateTimeOffset now)
    {
        var isCurrent = CryptographicOperations.FixedTimeEquals(SecretHash, hash);
        var isFormer = FormerHash is not null && CryptographicOperations.FixedTimeEquals(FormerHash, hash);
        return isCurrent || (isFormer && now < FormerUntil);
    }
}

/// <summary>A browser's session: stands for a key for a while.</summary>
/// <param name="KeyId">The key.</param>
/// <param name="SecretHash">Of the secret it was made with; ends with it.</param>
/// <param name="ExpiresAt">End.</param>
internal sealed record Session(string KeyId, byte[] SecretHash, DateTimeOffset ExpiresAt);
