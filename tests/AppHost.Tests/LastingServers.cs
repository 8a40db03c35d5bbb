using System.Diagnostics;
using Aspire.Hosting;
using Aspire.Hosting.ApplicationModel;
using Deepfake.TestServers;

namespace Deepfake.AppHost.Tests;

/// <summary>
/// The servers of a system, which outlive its starts. <c>DEEPFAKE_TEST_CONTAINERS</c> names those that the AppHost runs as containers, by its own names for
/// them (<c>messaging,cache,history</c>), on a machine whose container engine has their images; the others are servers of the tests.
/// </summary>
internal sealed class LastingServers : IAsyncDisposable
{
    private static readonly HashSet<string> InContainers =
        [.. (Environment.GetEnvironmentVariable("DEEPFAKE_TEST_CONTAINERS") ?? "").Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)];

    private readonly string _mark = $"test-{Guid.NewGuid():n}"[..13];
    private readonly ServerSet _servers = new();
    private readonly HashSet<string> _containers = [];
    private readonly HashSet<string> _volumes = [];
    private string[]? _settings;

    /// <summary>Arguments for the AppHost, the same for every start.</summary>
    public async Task<string[]> SettingsAsync()
    {
        if (_settings is not null) return _settings;
        (string Name, Func<Task<string>> Start)[] all =
        [
            ("messaging", _servers.AmqpAsync), ("cache", _servers.NewRedisDatabaseAsync), ("history", _servers.NewPostgresDatabaseAsync), ("blobs", _servers.NewS3BucketAsync),
        ];
        var here = all.Where(server => !InContainers.Contains(server.Name)).ToList();
        var addresses = await Task.WhenAll(here.Select(server => server.Start()));
        return _settings =
        [
            .. here.Zip(addresses, (server, address) => $"--ConnectionStrings:{server.Name}={address}"),
            // As the user secrets of a developer keep them.
            .. new[] { "messaging", "cache", "postgres" }.Select(name => $"--Parameters:{name}-password={_mark}{name}"),
        ];
    }

    /// <summary>Gives containers and volumes names of this test, so that those of whoever runs it stay as they are.</summary>
    public void Rename(IDistributedApplicationBuilder builder)
    {
        foreach (var container in builder.Resources.OfType<ContainerResource>())
        {
            foreach (var mount in container.Annotations.OfType<ContainerMountAnnotation>().ToList())
            {
                container.Annotations.Remove(mount);
                container.Annotations.Add(new ContainerMountAnnotation($"{_mark}-{mount.Source}", mount.Target, mount.Type, mount.IsReadOnly));
                _volumes.Add($"{_mark}-{mount.Source}");
            }

            var name = container.Annotations.OfType<ContainerNameAnnotation>().Single();
            name.Name = $"{_mark}-{name.Name}";
            _containers.Add(name.Name);
        }
    }

    /// <summary>Removes the containers and keeps the volumes: what an upgrade of the images does.</summary>
    /// <exception cref="InvalidOperationException">One could not be removed.</exception>
    public async Task RemoveContainersAsync()
    {
        foreach (var container in _containers)
        {
            if (await EngineAsync("rm", "--force", container) != 0) throw new InvalidOperationException($"The container '{container}' could not be removed.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // A start that failed may not have made all of them, so failures do not count here.
        foreach (var container in _containers) await EngineAsync("rm", "--force", container);
        foreach (var volume in _volumes) await EngineAsync("volume", "rm", "--force", volume);
        await _servers.DisposeAsync();
    }

    /// <returns>The exit code of the engine's command.</returns>
    private static async Task<int> EngineAsync(params string[] arguments)
    {
        using var engine = Process.Start(Environment.GetEnvironmentVariable("ASPIRE_CONTAINER_RUNTIME") ?? "docker", arguments);
        await engine.WaitForExitAsync();
        return engine.ExitCode;
    }
}
