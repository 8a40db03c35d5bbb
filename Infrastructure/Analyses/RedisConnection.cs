using OpenTelemetry.Instrumentation.StackExchangeRedis;
using StackExchange.Redis;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>The one connection of a process to Redis, made when first needed; it comes back by itself after the server was away.</summary>
internal sealed class RedisConnection(string configuration, TimeProvider time, StackExchangeRedisInstrumentation? instrumentation) : IDisposable
{
    // The client of this version has no time limit of its own for asynchronous calls: a server that hangs would hang the caller.
    private static readonly TimeSpan CallPatience = TimeSpan.FromSeconds(10);
    private readonly SemaphoreSlim _gate = new(1, 1);
    private volatile ConnectionMultiplexer? _connection;

    /// <summary>Runs a command.</summary>
    /// <exception cref="RedisConnectionException">The server is out of reach.</exception>
    /// <exception cref="TimeoutException">It does not answer.</exception>
    public async Task<T> CallAsync<T>(Func<IDatabase, Task<T>> command, CancellationToken cancellationToken)
    {
        var connection = await ConnectAsync(cancellationToken);
        return await command(connection.GetDatabase()).WaitAsync(CallPatience, time, cancellationToken);
    }

    /// <summary>
    /// Calls back at every message of a channel until the returned subscription is disposed; messages while the server is away are lost. A server that
    /// goes away just now fails nobody: the client asks again when it is back.
    /// </summary>
    public async Task<IAsyncDisposable> SubscribeAsync(string channel, Action notify, CancellationToken cancellationToken)
    {
        var subscriber = (await ConnectAsync(cancellationToken)).GetSubscriber();
        var name = new RedisChannel(channel, RedisChannel.PatternMode.Literal);
        Action<RedisChannel, RedisValue> handler = (_, _) => notify();
        try
        {
            await subscriber.SubscribeAsync(name, handler).WaitAsync(CallPatience, time, cancellationToken);
        }
        catch (Exception e) when (e is RedisException or TimeoutException)
        {
            // The handler is registered; whoever listens has to look by itself now and then anyway.
        }

        return new Subscription(subscriber, name, handler);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _connection?.Dispose();
        _gate.Dispose();
    }

    private async ValueTask<ConnectionMultiplexer> ConnectAsync(CancellationToken cancellationToken)
    {
        if (_connection is { } ready) return ready;
        await _gate.WaitAsync(cancellationToken);
        try
        {
            if (_connection is { } made) return made;
            var settings = ConfigurationOptions.Parse(configuration);
            settings.AbortOnConnectFail = false; // keeps trying, so a server that comes later is found
            settings.ConnectTimeout = Math.Min(settings.ConnectTimeout, 5000);
            var connection = await ConnectionMultiplexer.ConnectAsync(settings);
            // By hand, since the instrumentation looks for a connection that is there before the host is.
            instrumentation?.AddConnection(connection);
            return _connection = connection;
        }
        finally
        {
            _gate.Release();
        }
    }

    private sealed class Subscription(ISubscriber subscriber, RedisChannel channel, Action<RedisChannel, RedisValue> handler) : IAsyncDisposable
    {
        public async ValueTask DisposeAsync()
        {
            try
            {
                await subscriber.UnsubscribeAsync(channel, handler);
            }
            catch (Exception e) when (e is RedisException or ObjectDisposedException or TimeoutException)
            {
                // The server is away, and the subscription with it.
            }
        }
    }
}
