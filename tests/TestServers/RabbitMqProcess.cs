namespace Deepfake.TestServers;

/// <summary>RabbitMQ as a child process, with its own epmd.</summary>
internal sealed class RabbitMqProcess : IRestartableServer
{
    private const string Scripts = "/usr/lib/rabbitmq/bin";
    private readonly ServerFolder _folder = new("rabbitmq");
    private readonly int[] _ports = Ports.Free(3);
    private ServerProcess? _epmd;
    private ServerProcess? _process;

    private RabbitMqProcess()
    {
    }

    /// <inheritdoc/>
    public string ConnectionString => $"amqp://guest:guest@127.0.0.1:{_ports[0]}";

    private string NodeName => $"rabbit-{_ports[0]}@localhost";

    private Dictionary<string, string> Variables => new()
    {
        ["HOME"] = _folder.Path,
        ["RABBITMQ_NODENAME"] = NodeName,
        ["RABBITMQ_NODE_IP_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_NODE_PORT"] = $"{_ports[0]}",
        ["RABBITMQ_DIST_PORT"] = $"{_ports[1]}",
        ["ERL_EPMD_PORT"] = $"{_ports[2]}",
        ["ERL_EPMD_ADDRESS"] = "127.0.0.1",
        ["RABBITMQ_BASE"] = _folder.Path,
        ["RABBITMQ_MNESIA_BASE"] = _folder.In("mnesia"),
        ["RABBITMQ_LOG_BASE"] = _folder.In("log"),
        ["RABBITMQ_CONFIG_FILE"] = _folder.In("rabbitmq"),
        ["RABBITMQ_ENABLED_PLUGINS_FILE"] = _folder.In("enabled_plugins"),
        ["RABBITMQ_PID_FILE"] = _folder.In("pid"),
        ["RABBITMQ_CONF_ENV_FILE"] = "/dev/null",
        ["RABBITMQ_LOGS"] = "-",
        ["RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"] = "-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none",
    };

    /// <summary>Starts a broker and waits until it speaks AMQP.</summary>
    public static async Task<RabbitMqProcess> StartAsync()
    {
        var server = new RabbitMqProcess();
        try
        {
            // Our own epmd in the foreground: the one a node starts by itself would outlive it.
            server._epmd = ServerProcess.Start([Binaries.Find("epmd", "erlang-base"), "-port", $"{server._ports[2]}", "-address", "127.0.0.1"], server._folder.Path);
            await File.WriteAllTextAsync(server._folder.In("rabbitmq.conf"), $"listeners.tcp.default = 127.0.0.1:{server._ports[0]}\nlog.console.level = warning\n");
            await File.WriteAllTextAsync(server._folder.In("enabled_plugins"), "[].\n");
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
        ServerProcess.RunAsync([Binaries.Find(command[0], "rabbitmq-server", Scripts), "-n", NodeName, .. command.AsSpan(1)], _folder.Path, Variables);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        foreach (var process in new[] { _process, _epmd })
        {
            if (process is null) continue;
            await process.KillAsync();
            process.Dispose();
        }

        _folder.Dispose();
    }

    private async Task LaunchAsync()
    {
        _process?.Dispose();
        // The script in lib runs as whoever calls it; the one in sbin insists on an account of its own.
        _process = ServerProcess.Start([Binaries.Find("rabbitmq-server", "rabbitmq-server", Scripts)], _folder.Path, Variables);
        await _process.WaitUntilReadyAsync("rabbitmq-server", cancellation => Probes.AmqpAsync("127.0.0.1", _ports[0], cancellation), TimeSpan.FromSeconds(90));
    }
}
