using System.Collections.Concurrent;
using Deepfake.Infrastructure.Documents;

namespace Deepfake.Gateway.Identity;

/// <summary>Documents of the installation, remembered for a while; that there is none is remembered too.</summary>
internal sealed partial class DocumentMemory<T>(IDocumentStore<T> store, IdentityOptions options, TimeProvider time, ILogger logger)
    where T : class
{
    // Whoever makes ids up fills this and no more.
    private const int Capacity = 20_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);
    private readonly ConcurrentDictionary<string, Memory> _known = new(StringComparer.Ordinal);

    public void Forget(string id) => _known.TryRemove(id, out _);

    /// <summary>The document; null if there is none.</summary>
    public async Task<T?> FindAsync(string id, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (!_known.TryGetValue(id, out var known)) return await ReadAsync(id, now, cancellationToken);
        if (now < known.FreshUntil) return known.Value;
        // One request asks anew; those beside it go on with what is known, for as long as that may take.
        if (now < known.FreshUntil + Patience && Interlocked.Exchange(ref known.Asking, 1) == 1) return known.Value;
        try
        {
            return await ReadAsync(id, now, cancellationToken).WaitAsync(Patience, time, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException && known.Value is not null && now < known.ReadAt + options.OutageLife)
        {
            LogOutage(logger, e);
            _known.TryUpdate(id, new Memory(known.Value, known.ReadAt, now + options.CacheLife), known);
            return known.Value;
        }
        finally
        {
            Volatile.Write(ref known.Asking, 0);
        }
    }

    private async Task<T?> ReadAsync(string id, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var value = (await store.FindAsync(KeyRing.Owner, id, cancellationToken))?.Value;
        if (_known.Count >= Capacity) _known.Clear();
        _known[id] = new Memory(value, now, now + options.CacheLife);
        return value;
    }

    [LoggerMessage(6001, LogLevel.Warning, "Keys cannot be looked up: the store is out of reach; what is known of them is believed on for now")]
    private static partial void LogOutage(ILogger logger, Exception exception);

    private sealed class Memory(T? value, DateTimeOffset readAt, DateTimeOffset freshUntil)
    {
        public int Asking;

        public T? Value { get; } = value;

        public DateTimeOffset ReadAt { get; } = readAt;

        public DateTimeOffset FreshUntil { get; } = freshUntil;
    }
}
