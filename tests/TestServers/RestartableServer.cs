namespace Deepfake.TestServers;

/// <summary>A server of a test's own that keeps its address and data when it dies.</summary>
public abstract class RestartableServer : IAsyncDisposable
{
    private readonly IRestartableServer _server;

    private protected RestartableServer(IRestartableServer server) => _server = server;

    /// <summary>How the product reaches it.</summary>
    public string ConnectionString => _server.ConnectionString;

    /// <summary>SIGKILL: what a power cut looks like to the server.</summary>
    public Task KillAsync() => _server.KillAsync();

    /// <summary>Stops it in the middle of what it does: connections stay, answers do not come.</summary>
    public Task PauseAsync() => _server.PauseAsync();

    /// <summary>Lets it go on after a pause.</summary>
    public Task ResumeAsync() => _server.ResumeAsync();

    /// <summary>Starts it again on the same address and data, and waits until it answers.</summary>
    public Task RestartAsync() => _server.RestartAsync();

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        GC.SuppressFinalize(this);
    }

    private protected Task<string> RunAsync(params string[] command) => _server.RunAsync(command);
}
