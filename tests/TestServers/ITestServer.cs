namespace Deepfake.TestServers;

/// <summary>A server of a test's own, wherever it runs; gone when disposed.</summary>
internal interface ITestServer : IAsyncDisposable
{
    /// <summary>How the product reaches it.</summary>
    string ConnectionString { get; }
}

/// <summary>A server that keeps its address and data when it dies.</summary>
internal interface IRestartableServer : ITestServer
{
    /// <summary>SIGKILL: what a power cut looks like to the server. It is dead when this completes.</summary>
    Task KillAsync();

    /// <summary>Stops it in the middle of what it does: connections stay, answers do not come.</summary>
    Task PauseAsync();

    /// <summary>Lets it go on after a pause.</summary>
    Task ResumeAsync();

    /// <summary>Starts it again and waits until it answers.</summary>
    Task RestartAsync();

    /// <summary>Runs one of the server's own programs to its end, as somebody who may do everything.</summary>
    /// <returns>What it printed on standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    Task<string> RunAsync(params string[] command);
}
