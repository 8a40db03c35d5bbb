namespace Deepfake.TestServers;

/// <summary>PostgreSQL as a child process.</summary>
internal sealed class PostgresProcess : IRestartableServer
{
    private readonly ServerFolder _folder = new("postgres");
    private readonly int _port = Ports.Free();
    private ServerProcess? _process;

    private PostgresProcess()
    {
    }

    /// <inheritdoc/>
    public string ConnectionString => $"Host=127.0.0.1;Port={_port};Username=postgres;Database=postgres";

    /// <summary>Initialises a cluster, starts it and waits until it answers.</summary>
    public static async Task<PostgresProcess> StartAsync()
    {
        var server = new PostgresProcess();
        try
        {
            // It refuses to run as root, so root lends it to the account that came with the package.
            if (Environment.UserName == "root") await ServerProcess.RunAsync(["chown", "postgres:postgres", server._folder.Path], "/");
            await ServerProcess.RunAsync(
                [.. AsUser, Find("initdb"), "-D", server._folder.In("data"), "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"], "/");
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
        ServerProcess.RunAsync([Find(command[0]), "-h", "127.0.0.1", "-p", $"{_port}", "-U", "postgres", .. command.AsSpan(1)], _folder.Path);

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_process is not null) await _process.KillAsync();
        _process?.Dispose();
        _folder.Dispose();
    }

    private static string[] AsUser => Environment.UserName == "root"
        ? [Binaries.Find("setpriv", "util-linux"), "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        : [];

    private static string Find(string program) => Binaries.Find(
        program,
        "postgresql",
        Directory.Exists("/usr/lib/postgresql")
            ? [.. Directory.GetDirectories("/usr/lib/postgresql").OrderByDescending(folder => int.TryParse(Path.GetFileName(folder), out var version) ? version : 0).Select(folder => Path.Combine(folder, "bin"))]
            : []);

    private async Task LaunchAsync()
    {
        _process?.Dispose();
        File.Delete(_folder.In("data/postmaster.pid")); // what a killed server left
        // Without fsync a SIGKILL loses nothing, since the system's cache lives on. Tests give each host a database of its own, whose pool
        // keeps its connections for minutes after the host is gone: with the usual 100 the last of some twenty hosts were turned away.
        _process = ServerProcess.Start(
            [
                .. AsUser, Find("postgres"), "-D", _folder.In("data"), "-p", $"{_port}", "-k", _folder.Path, "-c", "listen_addresses=127.0.0.1", "-c", "fsync=off",
                "-c", "max_connections=500",
            ],
            _folder.Path);
        await _process.WaitUntilReadyAsync("postgres", cancellation => Probes.PostgresAsync(ConnectionString, cancellation), TimeSpan.FromSeconds(60));
    }
}
