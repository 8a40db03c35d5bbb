using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>
/// A preparation of a server (bucket, schema) that has to succeed once. Callers wait for it for a bounded time; whoever comes first
/// tries, and tries again while the server is not up yet.
/// </summary>
internal sealed partial class Readiness(string name, Func<CancellationToken, Task> prepare, TimeProvider time, ILogger logger) : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);
    private readonly SemaphoreSlim _turn = new(1, 1);
    private volatile bool _done;

    /// <summary>Returns at once when the preparation is done; else tries until it is, and gives up with the server's own error.</summary>
    public async Task EnsureAsync(CancellationToken cancellationToken)
    {
        if (_done) return;
        var start = time.GetTimestamp();
        if (!await _turn.WaitAsync(Patience, cancellationToken)) throw new TimeoutException($"The {name} is not reachable.");
        try
        {
            while (!_done)
            {
                try
                {
                    await prepare(cancellationToken);
                    _done = true;
                }
                catch (Exception e) when (e is not OperationCanceledException && time.GetElapsedTime(start) < Patience)
                {
                    LogRetry(logger, name, e.Message);
                    await Task.Delay(Pause, time, cancellationToken);
                }
            }
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Tries for as long as the host runs; for a service that starts before its server.</summary>
    public async Task PersistAsync(CancellationToken cancellationToken)
    {
        while (!_done)
        {
            try
            {
                await EnsureAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                LogRetry(logger, name, e.Message);
                await Task.Delay(Pause, time, cancellationToken);
            }
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _turn.Dispose();

    [LoggerMessage(1105, LogLevel.Warning, "The {Name} does not answer yet: {Reason}")]
    private static partial void LogRetry(ILogger logger, string name, string reason);
}
