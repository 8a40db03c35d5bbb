using Deepfake.Infrastructure.Hosting;

namespace Deepfake.Infrastructure.Persistence;

/// <summary>The database behind history and documents: PostgreSQL, or the SQLite file of an embedded host.</summary>
internal abstract class StoreDatabase : IPrepared
{
    /// <summary>Reads.</summary>
    /// <param name="query">Gets a context of its own. Changes nothing.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public abstract Task<T> ReadAsync<T>(Func<StoreContext, CancellationToken, Task<T>> query, CancellationToken cancellationToken);

    /// <summary>Writes; what was written is durable when the task completes. Cancelling may only end the wait.</summary>
    /// <param name="change">Gets a context of its own. Asks nothing but this database: other writers may wait for it.</param>
    /// <param name="cancellationToken">Cancels.</param>
    public abstract Task<T> WriteAsync<T>(Func<StoreContext, CancellationToken, Task<T>> change, CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task PrepareAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    public abstract Task PingAsync(CancellationToken cancellationToken);
}
