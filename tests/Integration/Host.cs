using Deepfake.TestServers;

namespace Deepfake.Integration;

/// <summary>One service of the product as a process of its own, listening on a free loopback port.</summary>
internal sealed class Host : IAsyncDisposable
{
    private readonly string _project;
    private readonly Dictionary<string, string> _environment;
    private readonly int _port = Ports.Free();
    private ServerProcess? _process;

    private readonly string[] _arguments;

    private Host(string project, IReadOnlyDictionary<string, string> environment, string[] arguments)
    {
        _project = project;
        _arguments = arguments;
        _environment = new Dictionary<string, string>(environment) { ["OTEL_SERVICE_NAME"] = project, ["ASPNETCORE_ENVIRONMENT"] = "Production" };
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new($"http://127.0.0.1:{_port}");

    /// <summary>The last of what it printed.</summary>
    public string Output => $"--- {_project}\n{_process?.Output}";

    /// <summary>Starts a service and waits until it is healthy.</summary>
    public static async Task<Host> StartAsync(string project, IReadOnlyDictionary<string, string> environment, params string[] arguments)
    {
        var host = new Host(project, environment, arguments);
        await host.StartAsync();
        return host;
    }

    /// <summary>Runs a command of a host to its end.</summary>
    /// <returns>What it printed.</returns>
    public static Task<string> RunAsync(string project, params string[] arguments) =>
        ServerProcess.RunAsync(["dotnet", Path.Combine(Repository.Output(project), $"Deepfake.{project}.dll"), .. arguments], Repository.Output(project));

    /// <summary>A key as an operator makes the first one.</summary>
    public static async Task<string> NewKeyAsync() => (await RunAsync("Gateway", "key")).Trim();

    public async Task StartAsync()
    {
        var output = Repository.Output(_project);
        _process = ServerProcess.Start(["dotnet", Path.Combine(output, $"Deepfake.{_project}.dll"), $"--urls={Address}", .. _arguments], output, _environment);
        using var client = new HttpClient { BaseAddress = Address };
        await _process.WaitUntilReadyAsync(_project, async cancellation => (await client.GetAsync(new Uri("/health", UriKind.Relative), cancellation)).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
    }

    /// <summary>SIGKILL: no draining, no goodbye.</summary>
    public Task KillAsync() => _process!.KillAsync();

    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        await _process.StopAsync(TimeSpan.FromSeconds(15));
        _process.Dispose();
    }
}
