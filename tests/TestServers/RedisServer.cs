using System.Text;

namespace Deepfake.TestServers;

/// <summary>A Redis of one's own that keeps its data over a restart.</summary>
public sealed class RedisServer : IAsyncDisposable
{
    private readonly ServerFolder _folder = new("redis");
    private readonly int _port = Ports.Free();
    private ServerProcess? _process;

    private RedisServer()
    {
    }

    /// <summary>For StackExchange.Redis.</summary>
    public string ConnectionString => $"127.0.0.1:{_port}";

    /// <summary>Starts a server and waits until it answers.</summary>
    public static async Task<RedisServer> StartAsync()
    {
        var server = new RedisServer();
        try
        {
            await server.LaunchAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>SIGKILL.</summary>
    public Task KillAsync() => _process!.KillAsync();

    /// <summary>Starts it again on the same port and data.</summary>
    public Task RestartAsync() => LaunchAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.KillAsync();
        _process?.Dispose();
        _folder.Dispose();
    }

    private async Task LaunchAsync()
    {
        _process?.Dispose();
        _process = ServerProcess.Start(
            [
                Binaries.Find("redis-server", "redis-server"), "--port", $"{_port}", "--bind", "127.0.0.1", "--dir", _folder.Path, "--save", "",
                "--appendonly", "yes", "--appendfsync", "always", "--databases", "64",
            ],
            _folder.Path);
        await _process.WaitUntilReadyAsync(
            "redis-server",
            async cancellation => Encoding.ASCII.GetString(await Ports.AskAsync(_port, "PING\r\n"u8.ToArray(), cancellation)).StartsWith("+PONG", StringComparison.Ordinal),
            TimeSpan.FromSeconds(20));
    }
}
