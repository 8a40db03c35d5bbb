namespace Deepfake.Infrastructure.Objects;

/// <summary>Where media and packs live: a folder on disk, or any S3 API.</summary>
public interface IObjectStore
{
    /// <summary>
    /// Stores a stream of unknown length under a key, replacing what was there. Durable when the task completes; nothing is visible
    /// under the key before, and nothing is left behind when the stream throws or the token is cancelled. Needs a few MB of memory
    /// at most, however long the stream is.
    /// </summary>
    /// <returns>Bytes stored.</returns>
    Task<long> PutAsync(string key, Stream content, string contentType, CancellationToken cancellationToken);

    /// <summary>Opens an object for reading from start to end.</summary>
    /// <exception cref="ObjectNotFoundException">No such key.</exception>
    Task<Stream> OpenAsync(string key, CancellationToken cancellationToken);

    /// <summary>
    /// Makes an object available as a local file for tools that need one. The folder store hands out its own file without a copy;
    /// others download. Dispose it to release the copy. The file must not be changed.
    /// </summary>
    /// <exception cref="ObjectNotFoundException">No such key.</exception>
    Task<LocalObject> MaterializeAsync(string key, CancellationToken cancellationToken);

    /// <summary>Whether the key exists.</summary>
    Task<bool> ExistsAsync(string key, CancellationToken cancellationToken);

    /// <summary>Keys below a prefix, in no particular order.</summary>
    IAsyncEnumerable<string> ListAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>How many objects lie below a prefix, and how large they are together.</summary>
    Task<ObjectTotal> MeasureAsync(string prefix, CancellationToken cancellationToken);

    /// <summary>Removes an object; no error when it is not there.</summary>
    Task DeleteAsync(string key, CancellationToken cancellationToken);

    /// <summary>Removes every object below a prefix.</summary>
    /// <returns>How many were removed.</returns>
    Task<int> DeletePrefixAsync(string prefix, CancellationToken cancellationToken);
}

/// <summary>Size of a set of objects.</summary>
/// <param name="Count">How many.</param>
/// <param name="Bytes">Bytes of all of them.</param>
public readonly record struct ObjectTotal(long Count, long Bytes);

/// <summary>An object as a file on this machine.</summary>
/// <param name="Path">Absolute path; read-only for the caller.</param>
/// <param name="release">Runs once at disposal.</param>
public sealed class LocalObject(string Path, Action? release = null) : IDisposable
{
    private Action? _release = release;

    /// <summary>Absolute path; read-only for the caller.</summary>
    public string Path { get; } = Path;

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}

/// <summary>The object store has no such key.</summary>
public sealed class ObjectNotFoundException(string key) : IOException($"No object '{key}'.")
{
    /// <summary>The key that was asked for.</summary>
    public string Key { get; } = key;
}
