using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.RegularExpressions;

namespace Deepfake.EndToEnd;

/// <summary>
/// The embedded host as a child process with an empty data folder and a port of its own. <c>DEEPFAKE_E2E_URL</c> names a running
/// service to test instead.
/// </summary>
public sealed partial class StandaloneServer : IAsyncDisposable
{
    private static readonly TimeSpan StartDeadline = TimeSpan.FromSeconds(90);

    private readonly Process? _process;
    private readonly string? _dataFolder;
    private readonly ConcurrentQueue<string> _output = new();

    private StandaloneServer(Uri address) => Address = address;

    private StandaloneServer(Process process, string dataFolder)
    {
        _process = process;
        _dataFolder = dataFolder;
        Address = new Uri("http://127.0.0.1");
    }

    /// <summary>Where the page is.</summary>
    public Uri Address { get; private set; }

    /// <summary>Starts the host and returns when it answers.</summary>
    public static async Task<StandaloneServer> StartAsync()
    {
        if (Environment.GetEnvironmentVariable("DEEPFAKE_E2E_URL") is { Length: > 0 } url) return new StandaloneServer(new Uri(url));

        var dataFolder = Directory.CreateTempSubdirectory("deepfake-e2e-").FullName;
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList = { Built.Standalone, "--urls", "http://127.0.0.1:0" },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = Repository.Root,
        };
        start.Environment["DATA_PATH"] = dataFolder;
        start.Environment["Page__Root"] = Built.Page;
        var server = new StandaloneServer(new Process { StartInfo = start, EnableRaisingEvents = true }, dataFolder);
        try
        {
            await server.WaitUntilReadyAsync();
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Ends the host and removes its data.</summary>
    public async ValueTask DisposeAsync()
    {
        if (_process is null) return;
        try
        {
            if (!_process.HasExited) _process.Kill(entireProcessTree: true);
            await _process.WaitForExitAsync();
        }
        catch (InvalidOperationException)
        {
            // It never started.
        }

        _process.Dispose();
        if (_dataFolder is not null) Directory.Delete(_dataFolder, recursive: true);
    }

    private async Task WaitUntilReadyAsync()
    {
        var address = new TaskCompletionSource<Uri>(TaskCreationOptions.RunContinuationsAsynchronously);
        void Read(string? line)
        {
            if (line is null) return;
            _output.Enqueue(line);
            if (ReadyLine().Match(line) is { Success: true } match) address.TrySetResult(new Uri(match.Groups["address"].Value));
        }

        _process!.OutputDataReceived += (_, e) => Read(e.Data);
        _process.ErrorDataReceived += (_, e) => Read(e.Data);
        _process.Exited += (_, _) => address.TrySetException(new InvalidOperationException("The host ended at once."));
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
        try
        {
            Address = await address.Task.WaitAsync(StartDeadline);
        }
        catch (Exception failure) when (failure is TimeoutException or InvalidOperationException)
        {
            throw new InvalidOperationException($"The host did not get ready:\n{string.Join('\n', _output.TakeLast(40))}", failure);
        }
    }

    [GeneratedRegex(@"(?:is ready on|Now listening on:) (?<address>http://127\.0\.0\.1:\d+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ReadyLine();
}
