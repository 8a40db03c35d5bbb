using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.Caching.Memory;
using Microsoft.Extensions.Options;
using ZiggyCreatures.Caching.Fusion;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// Documents of the installation, believed for <see cref="IdentityOptions.CacheLife"/>, and for <see cref="IdentityOptions.OutageLife"/> while the
/// store is out of reach. That there is none is remembered too, but not through an outage.
/// </summary>
internal sealed class DocumentCache<T> : IDisposable
    where T : class
{
    /// <summary>Documents that it holds at most; whoever makes ids up pushes out made-up ones first.</summary>
    public const int Capacity = 20_000;

    // A store that hangs is taken for one that is away; a request does not wait longer for what is known anyway.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly IDocumentStore<T> _store;
    private readonly MemoryCache _memory;
    private readonly FusionCache _cache;

    /// <summary>An empty cache over a store.</summary>
    public DocumentCache(IDocumentStore<T> store, IOptions<IdentityOptions> options, ILoggerFactory loggers)
    {
        _store = store;
        _memory = new MemoryCache(new MemoryCacheOptions { SizeLimit = Capacity });
        var (life, outage) = (options.Value.CacheLife, options.Value.OutageLife);
        _cache = new FusionCache(
            new FusionCacheOptions
            {
                CacheName = typeof(T).Name,
                DisableTagging = true,
                // Its memory is shared with nobody.
                MissingCacheKeyPrefixWarningLogLevel = LogLevel.None,
                // The error that leads to it is a line of its own.
                FailSafeActivationLogLevel = LogLevel.Debug,
                DefaultEntryOptions = new FusionCacheEntryOptions
                {
                    Size = 1,
                    Duration = life,
                    // Keys in use are read anew before their time is over, beside the requests.
                    EagerRefreshThreshold = 0.8f,
                    IsFailSafeEnabled = true,
                    FailSafeMaxDuration = outage > life ? outage : life,
                    FailSafeThrottleDuration = life,
                    FactorySoftTimeout = Patience,
                    // One request asks anew; those beside it go on with what is known.
                    LockTimeout = TimeSpan.Zero,
                },
            },
            _memory, loggers.CreateLogger<FusionCache>());
    }

    /// <summary>How many it holds.</summary>
    internal int Count => _memory.Count;

    /// <summary>The document; null if there is none.</summary>
    /// <exception cref="Exception">Whatever the store throws, where nothing is known that could be believed.</exception>
    public ValueTask<T?> FindAsync(string id, CancellationToken cancellationToken) => _cache.GetOrSetAsync<T?>(
        id,
        async (context, stop) =>
        {
            if (await _store.FindAsync(KeyRing.Owner, id, stop) is { } document) return document.Value;
            context.Options.SetFailSafe(false).SetPriority(CacheItemPriority.Low);
            return null;
        },
        token: cancellationToken);

    /// <summary>Forgets what is known of a document.</summary>
    public void Forget(string id) => _cache.Remove(id, token: CancellationToken.None);

    public void Dispose()
    {
        _cache.Dispose();
        _memory.Dispose();
    }
}
