using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Aspire.Hosting.Testing;
using Deepfake.TestServers;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Deepfake.AppHost.Tests;

/// <summary>The whole system as the AppHost starts it, with a collector for its traces.</summary>
internal sealed class RunningSystem : IAsyncDisposable
{
    private const string Marker = "DEEPFAKE_APPHOST_TEST";
    private static readonly HashSet<string> EngineProcesses = ["conmon", "aardvark-dns", "rootlessport"];
    private readonly string _mark = Guid.NewGuid().ToString("n");
    private readonly LastingServers _servers;
    private readonly TemporaryFolder _models = new();
    private DistributedApplication? _app;

    private RunningSystem(LastingServers servers) => _servers = servers;

    public DistributedApplication App => _app!;

    public TraceCollector Traces { get; private set; } = null!;

    /// <summary>Starts everything and waits until the services are healthy.</summary>
    /// <param name="servers">Stay when the system is disposed.</param>
    /// <param name="services">Names of resources.</param>
    /// <param name="cancellationToken">Ends the start.</param>
    public static async Task<RunningSystem> StartAsync(LastingServers servers, IEnumerable<string> services, CancellationToken cancellationToken)
    {
        var system = new RunningSystem(servers);
        try
        {
            await system.LaunchAsync(cancellationToken);
            foreach (var service in services) await system.App.ResourceNotifications.WaitForResourceHealthyAsync(service, cancellationToken);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    /// <summary>Stops what the AppHost started, and only that.</summary>
    public async Task StopAsync()
    {
        if (_app is not null) await _app.DisposeAsync();
        _app = null;
    }

    /// <summary>Processes of the AppHost that live, whoever their parent is by now. Those that a container engine without a daemon keeps beside its
    /// containers are not among them: containers are meant to stay.</summary>
    public IReadOnlyList<string> LivingProcesses() =>
        [.. Directory.EnumerateDirectories("/proc").Where(folder => int.TryParse(Path.GetFileName(folder), out var id) && id != Environment.ProcessId && IsMarked(folder))
            .Select(Command).Where(command => !EngineProcesses.Contains(Path.GetFileName(command.Split(' ')[0])))];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        if (Traces is not null) await Traces.DisposeAsync();
        _models.Dispose();
    }

    private async Task LaunchAsync(CancellationToken cancellationToken)
    {
        Traces = await TraceCollector.StartAsync();
        string[] settings =
        [
            .. await _servers.SettingsAsync(), $"--MODEL_PATH={CopyOfModels.Make(Repository.Root, _models.Path)}",
            // Or it would be written to the user secrets of whoever runs the tests.
            "--Parameters:internal-secret=known to gateway and services only",
        ];
        var builder = await DistributedApplicationTestingBuilder.CreateAsync<Projects.AppHost>(settings, cancellationToken);
        _servers.Rename(builder);
        foreach (var service in builder.Resources.OfType<ProjectResource>().ToList())
        {
            builder.CreateResourceBuilder(service)
                .WithEnvironment("OTEL_EXPORTER_OTLP_ENDPOINT", Traces.Address).WithEnvironment("OTEL_EXPORTER_OTLP_PROTOCOL", "http/protobuf").WithEnvironment("OTEL_BSP_SCHEDULE_DELAY", "500")
                // Whatever hangs ends as failed in time for the test to say so.
                .WithEnvironment("Ingest__InteractiveDeadline", "00:04:00");
        }

        builder.Services.AddLogging(logging => logging.AddFilter("System.Net.Http", LogLevel.Warning));
        _app = await builder.BuildAsync(cancellationToken);
        // What is started from here on inherits it; the servers run already.
        Environment.SetEnvironmentVariable(Marker, _mark);
        await _app.StartAsync(cancellationToken);
    }

    private bool IsMarked(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "environ")).Contains($"{Marker}={_mark}", StringComparison.Ordinal);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false; // over, or somebody else's
        }
    }

    private static string Command(string process)
    {
        try
        {
            return File.ReadAllText(Path.Combine(process, "cmdline")).Replace('\0', ' ');
        }
        catch (IOException)
        {
            return process;
        }
    }
}
