namespace Deepfake.TestServers;

/// <summary>
/// The servers a test run shares: each one named by <c>DEEPFAKE_TEST_AMQP</c>, <c>_REDIS</c>, <c>_S3</c> or <c>_POSTGRES</c> in the
/// environment, else a server of one's own, started when first asked for and stopped with the set.
/// </summary>
public sealed class ServerSet : IAsyncDisposable
{
    private readonly Shared _rabbit = new("DEEPFAKE_TEST_AMQP", async () => await RabbitMqServer.StartAsync() is var server ? (server, server.ConnectionString) : default);
    private readonly Shared _redis = new("DEEPFAKE_TEST_REDIS", async () => await RedisServer.StartAsync() is var server ? (server, server.ConnectionString) : default);
    private readonly Shared _s3 = new("DEEPFAKE_TEST_S3", async () => await S3Server.StartAsync() is var server ? (server, server.ConnectionString) : default);
    private readonly Shared _postgres = new("DEEPFAKE_TEST_POSTGRES", async () => await PostgresServer.StartAsync() is var server ? (server, server.ConnectionString) : default);
    private int _databases;

    /// <summary>As <c>ConnectionStrings:messaging</c>.</summary>
    public Task<string> AmqpAsync() => _rabbit.ConnectionStringAsync();

    /// <summary>As <c>ConnectionStrings:cache</c>.</summary>
    public Task<string> RedisAsync() => _redis.ConnectionStringAsync();

    /// <summary>As <c>ConnectionStrings:cache</c>, to another empty database each time (64 of them).</summary>
    public async Task<string> NewRedisDatabaseAsync() => $"{await RedisAsync()},defaultDatabase={Interlocked.Increment(ref _databases) % 64}";

    /// <summary>As <c>ConnectionStrings:blobs</c>, without a bucket.</summary>
    public Task<string> S3Async() => _s3.ConnectionStringAsync();

    /// <summary>As <c>ConnectionStrings:blobs</c>, with a bucket that is not there yet.</summary>
    public async Task<string> NewS3BucketAsync() => $"{await S3Async()};Bucket=test-{Guid.NewGuid():n}";

    /// <summary>As <c>ConnectionStrings:history</c>.</summary>
    public Task<string> PostgresAsync() => _postgres.ConnectionStringAsync();

    /// <summary>As <c>ConnectionStrings:history</c>, to an empty database.</summary>
    public async Task<string> NewPostgresDatabaseAsync() => await PostgresServer.CreateDatabaseAsync(await PostgresAsync());

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var shared in new[] { _rabbit, _redis, _s3, _postgres }) await shared.DisposeAsync();
    }

    private sealed class Shared(string variable, Func<Task<(IAsyncDisposable Server, string ConnectionString)>> start) : IAsyncDisposable
    {
        private readonly Lazy<Task<(IAsyncDisposable? Server, string ConnectionString)>> _server = new(async () =>
            Environment.GetEnvironmentVariable(variable) is { Length: > 0 } given ? (null, given) : await start());

        public async Task<string> ConnectionStringAsync() => (await _server.Value).ConnectionString;

        public async ValueTask DisposeAsync()
        {
            if (_server.IsValueCreated && _server.Value.IsCompletedSuccessfully && (await _server.Value).Server is { } server) await server.DisposeAsync();
        }
    }
}
