namespace Deepfake.TestServers;

/// <summary>A Redis of one's own that keeps its data over a restart.</summary>
public sealed class RedisServer : RestartableServer
{
    private RedisServer(IRestartableServer server)
        : base(server)
    {
    }

    /// <summary>Starts a server and waits until it answers.</summary>
    public static async Task<RedisServer> StartAsync() => new(await (await ServerHosts.CurrentAsync()).StartRedisAsync());
}
