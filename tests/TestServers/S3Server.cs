namespace Deepfake.TestServers;

/// <summary>An S3 API of one's own.</summary>
public sealed class S3Server : IAsyncDisposable
{
    private readonly ITestServer _server;

    private S3Server(ITestServer server) => _server = server;

    /// <summary>As <c>ConnectionStrings:blobs</c>, without a bucket.</summary>
    public string ConnectionString => _server.ConnectionString;

    /// <summary>Starts it and waits until it answers (some 12 s).</summary>
    public static async Task<S3Server> StartAsync() => new(await (await ServerHosts.CurrentAsync()).StartS3Async());

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _server.DisposeAsync();
}
