using Docker.DotNet.Models;
using DotNet.Testcontainers.Containers;

namespace Deepfake.TestServers;

/// <summary>A server in a container, on a port of the host that it keeps over a restart.</summary>
internal sealed class ContainerServer : IRestartableServer
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);
    private readonly IContainer _container;
    private readonly Func<string, CancellationToken, Task<bool>> _answers;

    private ContainerServer(IContainer container, Func<string, CancellationToken, Task<bool>> answers) => (_container, _answers) = (container, answers);

    /// <inheritdoc/>
    public string ConnectionString { get; private set; } = "";

    /// <summary>Starts a container and waits until its server answers.</summary>
    /// <param name="container">Configured, not started.</param>
    /// <param name="connectionString">From the name of the machine on which its ports are.</param>
    /// <param name="answers">Whether the server on that machine answers.</param>
    public static async Task<ContainerServer> StartAsync(IContainer container, Func<string, string> connectionString, Func<string, CancellationToken, Task<bool>> answers)
    {
        var server = new ContainerServer(container, answers);
        try
        {
            await server.RestartAsync();
            server.ConnectionString = connectionString(container.Hostname);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <inheritdoc/>
    public async Task KillAsync()
    {
        using var engine = ContainerEngine.Connect();
        await engine.Containers.KillContainerAsync(_container.Id, new ContainerKillParameters { Signal = "KILL" });
        await _container.GetExitCodeAsync();
    }

    /// <inheritdoc/>
    public Task PauseAsync() => _container.PauseAsync();

    /// <inheritdoc/>
    public Task ResumeAsync() => _container.UnpauseAsync();

    /// <inheritdoc/>
    public async Task RestartAsync()
    {
        using var deadline = new CancellationTokenSource(Patience);
        await _container.StartAsync(deadline.Token);
        // What the library waits for may be in the log since the first start.
        while (!await AnswersAsync(deadline.Token)) await Task.Delay(50, deadline.Token);
    }

    /// <inheritdoc/>
    public async Task<string> RunAsync(params string[] command)
    {
        var result = await _container.ExecAsync(command);
        return result.ExitCode == 0 ? result.Stdout : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {result.ExitCode}: {result.Stderr}{result.Stdout}");
    }

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _container.DisposeAsync();

    private async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _answers(_container.Hostname, cancellationToken);
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or HttpRequestException)
        {
            return false; // not listening yet
        }
    }
}
