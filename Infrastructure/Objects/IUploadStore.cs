namespace Deepfake.Infrastructure.Objects;

/// <summary>
/// Objects that arrive piece by piece, over many connections and lives of processes. What is durable of one is a <see cref="GrowingObject"/>,
/// which the caller keeps; bytes beyond it never count. Every method may be repeated.
/// </summary>
public interface IUploadStore
{
    /// <summary>Prepares an object; nothing is visible under its key until it is complete.</summary>
    /// <param name="key">Where it will be.</param>
    /// <param name="length">Bytes it will have, from 1.</param>
    /// <param name="contentType">Media type it is stored with.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task<GrowingObject> BeginAsync(string key, long length, string contentType, CancellationToken cancellationToken);

    /// <summary>
    /// Appends a stream behind the state it was given. Whenever a piece is durable, and once more at the end, <paramref name="save"/> gets
    /// the new state. When the stream breaks or the token is cancelled, what was read is made durable and saved before that is thrown.
    /// An exception of <paramref name="save"/> ends it at once.
    /// </summary>
    /// <param name="grown">State to append to.</param>
    /// <param name="content">What to append.</param>
    /// <param name="save">Keeps a state.</param>
    /// <param name="verify">
    /// Called at the end of the stream, and throws if it was not the right one. With it, nothing is saved before, and what breaks off leaves nothing.
    /// </param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>The last state.</returns>
    Task<GrowingObject> AppendAsync(GrowingObject grown, Stream content, Func<GrowingObject, Task> save, Action? verify, CancellationToken cancellationToken);

    /// <summary>Makes a whole object visible under its key, replacing what was there.</summary>
    /// <exception cref="IOException">Its pieces are not what was saved: a writer that lost its turn has changed them.</exception>
    Task CompleteAsync(GrowingObject grown, CancellationToken cancellationToken);

    /// <summary>Removes whatever there is of an object that is not complete.</summary>
    Task AbortAsync(GrowingObject grown, CancellationToken cancellationToken);

    /// <summary>Renames an object, replacing what was there, without its bytes passing through this process.</summary>
    /// <exception cref="ObjectNotFoundException">There is none under <paramref name="source"/>.</exception>
    Task MoveAsync(string source, string target, CancellationToken cancellationToken);
}

/// <summary>What is durable of an object that is still growing.</summary>
public sealed record GrowingObject
{
    /// <summary>Where it will be.</summary>
    public required string Key { get; init; }

    /// <summary>The store's own name for it.</summary>
    public required string Handle { get; init; }

    /// <summary>Durable bytes.</summary>
    public long Length { get; init; }

    /// <summary>Bytes of a full part, where the store makes parts.</summary>
    public int PartSize { get; init; }

    /// <summary>The store's tags of the full parts, in order.</summary>
    public IReadOnlyList<string> Parts { get; init; } = [];

    /// <summary>Key of the object that holds what is behind the last full part; null for nothing.</summary>
    public string? Tail { get; init; }
}
