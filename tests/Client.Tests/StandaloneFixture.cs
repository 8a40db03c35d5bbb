using System.Diagnostics;
using Deepfake.TestServers;

namespace Deepfake.Client.Tests;

/// <summary>The whole service as a process of its own, and some media.</summary>
public sealed class StandaloneFixture : IAsyncLifetime
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deepfake-client-");
    private readonly int _port = Ports.Free();
    private ServerProcess? _process;

    public Uri Address => new($"http://127.0.0.1:{_port}");

    /// <summary>A picture with a face.</summary>
    public string Picture => Path.Combine(_folder.FullName, "face.jpg");

    /// <summary>A picture whose second half is missing.</summary>
    public string Broken => Path.Combine(_folder.FullName, "broken.jpg");

    public DeepfakeClient Client(DeepfakeClientOptions? options = null) => new(Address, options: options);

    public async Task InitializeAsync()
    {
        var photo = Repository.Photo(1);
        if (!File.Exists(photo)) throw new InvalidOperationException("The test photos are missing: run eng/fetch-assets test.");
        await ServerProcess.RunAsync(["ffmpeg", "-v", "error", "-y", "-i", photo, "-vf", "scale=480:-2", Picture], _folder.FullName);
        var bytes = await File.ReadAllBytesAsync(Picture);
        await File.WriteAllBytesAsync(Broken, bytes[..(bytes.Length / 2)]);
        _process = ServerProcess.Start(
            ["dotnet", Binary("Standalone", "Deepfake.Standalone.dll"), $"--urls={Address}"], Path.GetDirectoryName(Binary("Standalone", ""))!,
            new Dictionary<string, string> { ["DATA_PATH"] = Path.Combine(_folder.FullName, "data"), ["MODEL_PATH"] = CopyOfModels.Make(Repository.Root, Path.Combine(_folder.FullName, "models")), ["ASPNETCORE_ENVIRONMENT"] = "Production" });
        using var http = new HttpClient { BaseAddress = Address };
        await _process.WaitUntilReadyAsync("Standalone", async cancellation => (await http.GetAsync(new Uri("/health", UriKind.Relative), cancellation)).IsSuccessStatusCode, TimeSpan.FromSeconds(60));
    }

    public async Task DisposeAsync()
    {
        if (_process is not null)
        {
            await _process.StopAsync(TimeSpan.FromSeconds(15));
            _process.Dispose();
        }

        _folder.Delete(recursive: true);
    }

    /// <summary>Runs the tool.</summary>
    /// <returns>Exit code, standard output, standard error.</returns>
    public async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        var start = new ProcessStartInfo("dotnet", [Binary("Cli", "deepfake.dll"), .. arguments])
        {
            UseShellExecute = false,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment["DEEPFAKE_SERVER"] = Address.ToString();
        using var process = Process.Start(start)!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output, await errors);
    }

    /// <summary>Runs the tool on a terminal.</summary>
    /// <param name="arguments">Of the tool.</param>
    /// <param name="input">What a person types.</param>
    /// <param name="colours">Whether <c>NO_COLOR</c> is unset.</param>
    /// <param name="columns">Width.</param>
    /// <returns>Exit code, and all that came on the screen, control sequences among it.</returns>
    public async Task<(int Code, string Screen)> RunOnTerminalAsync(string[] arguments, string input = "", bool colours = true, int columns = 100)
    {
        string[] words = ["dotnet", Binary("Cli", "deepfake.dll"), .. arguments];
        var command = $"stty cols {columns} rows 30; exec " + string.Join(' ', words.Select(word => $"'{word.Replace("'", @"'\''", StringComparison.Ordinal)}'"));
        var start = new ProcessStartInfo("script", ["--quiet", "--return", "--echo", "never", "--command", command, "/dev/null"])
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = _folder.FullName,
        };
        start.Environment["DEEPFAKE_SERVER"] = Address.ToString();
        start.Environment["TERM"] = "xterm-256color";
        start.Environment["SHELL"] = "/bin/sh";
        start.Environment.Remove("NO_COLOR");
        if (!colours) start.Environment["NO_COLOR"] = "1";
        using var process = Process.Start(start)!;
        var screen = process.StandardOutput.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        await process.StandardInput.FlushAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await screen);
    }

    private static string Binary(string project, string name) => Path.Combine(Repository.Output(project), name);
}

/// <summary>One service for the tests that need it.</summary>
[CollectionDefinition(Name)]
public sealed class StandaloneTests : ICollectionFixture<StandaloneFixture>
{
    public const string Name = "standalone";
}
