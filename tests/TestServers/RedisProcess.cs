namespace Deepfake.TestServers;

/// <summary>Redis as a child process.</summary>
internal sealed class RedisProcess : IRestartableServer
{
    private readonly ServerFolder _folder = new("redis");
    private readonly int _port = Ports.Free();
    private ServerProcess? _process;

    private RedisProcess()
    {
    }

    /// <inheritdoc/>
    public string ConnectionString => $"127.0.0.1:{_port}";

    /// <summary>Starts a server and waits until it answers.</summary>
    public static async Task<RedisProcess> StartAsync()
    {
        var server = new RedisProcess();
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

    /// <inheritdoc/>
    public Task KillAsync() => _process!.KillAsync();

    /// <inheritdoc/>
    public Task PauseAsync() => _process!.PauseAsync();

    /// <inheritdoc/>
    public Task ResumeAsync() => _process!.ResumeAsync();

    /// <inheritdoc/>
    public Task RestartAsync() => LaunchAsync();

    /// <inheritdoc/>
    public Task<string> RunAsync(params string[] command) =>
        ServerProcess.RunAsync([Binaries.Find(command[0], "redis-tools"), "-p", $"{_port}", .. command.AsSpan(1)], _folder.Path);

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
            cancellation => Probes.RedisAsync("127.0.0.1", _port, cancellation),
            TimeSpan.FromSeconds(20));
    }
}
