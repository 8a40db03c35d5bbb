using System.Collections.Concurrent;
using System.Security.Cryptography;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>A key that holds.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Key">What is stored of it.</param>
internal sealed record HeldKey(string Id, ApiKey Key);

/// <summary>Knows which keys hold. What the store says is believed for a few seconds, so that a request costs no round trip.</summary>
internal sealed class KeyRing(DocumentCache<ApiKey> keys, DocumentCache<Session> sessions, IOptions<IdentityOptions> options, TimeProvider time)
{
    /// <summary>Keys belong to the installation: their id is all that is known when they are looked for.</summary>
    public const string Owner = "";

    private readonly ApiKeyText? _bootstrap = ApiKeyText.TryParse(options.Value.BootstrapKey, out var bootstrap) ? bootstrap : null;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _used = new(StringComparer.Ordinal);
    private readonly DateTimeOffset _started = time.GetUtcNow();

    /// <summary>The key of a text; null if unknown, wrong, expired or revoked.</summary>
    public Task<HeldKey?> FindAsync(ApiKeyText text, CancellationToken cancellationToken) => FindAsync(text.Id, text.Hash(), cancellationToken);

    /// <summary>The key that a session stands for; null if either does not hold.</summary>
    public async Task<HeldKey?> FindSessionAsync(string token, CancellationToken cancellationToken) =>
        SessionToken.Id(token) is { } id && await sessions.FindAsync(id, cancellationToken) is { } session && time.GetUtcNow() < session.ExpiresAt
            ? await FindAsync(session.KeyId, session.SecretHash, cancellationToken)
            : null;

    /// <summary>Whether an id is that of the key in the settings, which cannot be managed.</summary>
    public bool IsBootstrap(string id) => _bootstrap?.Id == id;

    /// <summary>Forgets what is known of a key, after a change.</summary>
    public void Forget(string id) => keys.Forget(id);

    /// <summary>Forgets a session.</summary>
    public void ForgetSession(string id) => sessions.Forget(id);

    /// <summary>When keys were used since this was asked last, by id.</summary>
    public IReadOnlyDictionary<string, DateTimeOffset> TakeUses()
    {
        var taken = new Dictionary<string, DateTimeOffset>();
        foreach (var id in _used.Keys)
        {
            if (_used.TryRemove(id, out var at)) taken[id] = at;
        }

        return taken;
    }

    private async Task<HeldKey?> FindAsync(string id, byte[] hash, CancellationToken cancellationToken)
    {
        if (_bootstrap is not null && _bootstrap.Id == id)
            return CryptographicOperations.FixedTimeEquals(_bootstrap.Hash(), hash) ? new HeldKey(id, Everything(_bootstrap)) : null;
        var now = time.GetUtcNow();
        if (await keys.FindAsync(id, cancellationToken) is not { } key || !key.Matches(hash, now) || !key.HoldsAt(now)) return null;
        _used[id] = now;
        return new HeldKey(id, key);
    }

    private ApiKey Everything(ApiKeyText text) => new()
    {
        Tenant = Caller.DefaultTenant,
        Name = "bootstrap",
        Scopes = [.. Scopes.All],
        SecretHash = text.Hash(),
        CreatedAt = _started,
    };
}
