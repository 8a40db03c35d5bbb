using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Text;

namespace Deepfake.TestServers;

/// <summary>
/// A server as a child process, the leader of its own process group. The group dies with this process, however it ends: a guard inside
/// the group waits for the end of a pipe that only this process holds.
/// </summary>
internal sealed class ServerProcess : IDisposable
{
    // exec: the server takes the place of the shell, so the child's id is the server's id and the id of the group.
    private const string Guarded = "exec 3<&0; (cat <&3 >/dev/null; kill -KILL 0) & exec \"$@\" </dev/null 3<&-";
    private const int SigKill = 9;
    private const int SigTerm = 15;
    private const int SigCont = 18;
    private const int SigStop = 19;
    private const int OutputKept = 16 * 1024;

    private readonly Process _process;
    private readonly StringBuilder _output = new();

    private ServerProcess(Process process) => _process = process;

    /// <summary>Whether the server has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Id of the server's process.</summary>
    public int Id => _process.Id;

    /// <summary>The last of what it printed.</summary>
    public string Output
    {
        get
        {
            lock (_output) return _output.ToString();
        }
    }

    /// <summary>Starts a server that stays in the foreground.</summary>
    public static ServerProcess Start(IReadOnlyList<string> command, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        var process = Run(["setsid", "sh", "-c", Guarded, "sh", .. command], folder, environment);
        var server = new ServerProcess(process);
        process.OutputDataReceived += server.Keep;
        process.ErrorDataReceived += server.Keep;
        process.BeginOutputReadLine();
        process.BeginErrorReadLine();
        return server;
    }

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it printed on standard output.</returns>
    /// <exception cref="InvalidOperationException">It failed or took longer than three minutes.</exception>
    public static async Task<string> RunAsync(IReadOnlyList<string> command, string folder, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var process = Run(command, folder, environment);
        process.StandardInput.Close();
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        try
        {
            var output = process.StandardOutput.ReadToEndAsync(patience.Token);
            var errors = process.StandardError.ReadToEndAsync(patience.Token);
            await process.WaitForExitAsync(patience.Token);
            return process.ExitCode == 0
                ? await output
                : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await errors}{await output}");
        }
        catch (OperationCanceledException e)
        {
            process.Kill(entireProcessTree: true);
            throw new InvalidOperationException($"{string.Join(' ', command)} did not end within three minutes.", e);
        }
    }

    /// <summary>Waits until a probe succeeds.</summary>
    /// <exception cref="InvalidOperationException">The server ended, or was not ready in time; the message holds what it printed.</exception>
    public async Task WaitUntilReadyAsync(string name, Func<CancellationToken, Task<bool>> probe, TimeSpan patience)
    {
        using var deadline = new CancellationTokenSource(patience);
        while (true)
        {
            if (HasExited) throw new InvalidOperationException($"{name} ended with {_process.ExitCode}:\n{Output}");
            try
            {
                if (await probe(deadline.Token)) return;
            }
            catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or HttpRequestException)
            {
                // Not listening yet.
            }
            catch (OperationCanceledException) when (deadline.IsCancellationRequested)
            {
                // Reported below.
            }

            if (deadline.IsCancellationRequested) throw new InvalidOperationException($"{name} was not ready within {patience}:\n{Output}");
            await Task.Delay(20);
        }
    }

    /// <summary>SIGKILL to the whole group: what a power cut looks like to the server.</summary>
    public async Task KillAsync()
    {
        SignalGroup(SigKill);
        await _process.WaitForExitAsync();
    }

    /// <summary>SIGSTOP to the whole group.</summary>
    public Task PauseAsync()
    {
        SignalGroup(SigStop);
        return Task.CompletedTask;
    }

    /// <summary>SIGCONT to the whole group.</summary>
    public Task ResumeAsync()
    {
        SignalGroup(SigCont);
        return Task.CompletedTask;
    }

    /// <summary>SIGTERM to the server; SIGKILL to the group when it has ended or takes too long.</summary>
    public async Task StopAsync(TimeSpan patience)
    {
        if (!HasExited)
        {
            _ = Kill(Id, SigTerm);
            using var deadline = new CancellationTokenSource(patience);
            try
            {
                await _process.WaitForExitAsync(deadline.Token);
            }
            catch (OperationCanceledException)
            {
                // The group is killed next.
            }
        }

        await KillAsync();
    }

    /// <summary>Kills the group if it still lives.</summary>
    public void Dispose()
    {
        SignalGroup(SigKill);
        _process.Dispose();
    }

    private static Process Run(IReadOnlyList<string> command, string folder, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(command[0])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach (var argument in command.Skip(1)) start.ArgumentList.Add(argument);
        foreach (var (name, value) in environment ?? new Dictionary<string, string>()) start.Environment[name] = value;
        return Process.Start(start) ?? throw new InvalidOperationException($"'{command[0]}' did not start.");
    }

    private void Keep(object sender, DataReceivedEventArgs line)
    {
        if (line.Data is null) return;
        lock (_output)
        {
            _output.AppendLine(line.Data);
            if (_output.Length > OutputKept) _output.Remove(0, _output.Length - OutputKept);
        }
    }

    private void SignalGroup(int signal)
    {
        try
        {
            _ = Kill(-Id, signal);
        }
        catch (InvalidOperationException)
        {
            // Disposed before.
        }
    }

    [DllImport("libc", EntryPoint = "kill")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.System32)]
    private static extern int Kill(int processOrGroup, int signal);
}
