using System.Diagnostics;

namespace Deepfake.EndToEnd;

/// <summary>One host and one browser for all tests; every test has a browser context of its own.</summary>
public sealed class PageFixture : IAsyncLifetime
{
    private readonly string _media = Directory.CreateTempSubdirectory("deepfake-media-").FullName;
    private StandaloneServer? _server;
    private IPlaywright? _playwright;
    private IBrowser? _browser;

    /// <summary>Where the page is.</summary>
    public Uri Address => _server!.Address;

    /// <summary>A video of four seconds in which a photograph is slowly approached.</summary>
    public string Video { get; private set; } = "";

    /// <inheritdoc/>
    public async Task InitializeAsync()
    {
        _server = await StandaloneServer.StartAsync();
        _playwright = await Playwright.CreateAsync();
        _browser = await _playwright.Chromium.LaunchAsync(new BrowserTypeLaunchOptions
        {
            ExecutablePath = Environment.GetEnvironmentVariable("CHROMIUM_PATH") ?? "/usr/bin/chromium",
            // Without the last four, Chromium looks for hosts on the Internet at every start.
            Args = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"],
        });
        Video = Path.Combine(_media, "walk-up.webm");
        await RunAsync("ffmpeg", "-v", "error", "-loop", "1", "-i", Repository.Photo(1), "-t", "4", "-r", "15",
            "-vf", "scale=1200:800,zoompan=z='1+on/240':d=1:s=720x480:fps=15", "-pix_fmt", "yuv420p", "-c:v", "libvpx", "-deadline", "realtime", "-b:v", "1M", Video);
    }

    /// <inheritdoc/>
    public async Task DisposeAsync()
    {
        if (_browser is not null) await _browser.DisposeAsync();
        _playwright?.Dispose();
        if (_server is not null) await _server.DisposeAsync();
        Directory.Delete(_media, recursive: true);
    }

    /// <summary>A fresh browser window on the page.</summary>
    public async Task<Visit> VisitAsync(string hash = "", BrowserNewContextOptions? options = null)
    {
        options ??= new BrowserNewContextOptions();
        options.ReducedMotion = ReducedMotion.Reduce;
        var visit = new Visit(await _browser!.NewContextAsync(options), Address);
        await visit.OpenAsync(hash);
        return visit;
    }

    private static async Task RunAsync(string command, params string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(command, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{command} failed: {errors}");
    }
}

/// <summary>All classes share the host and run one after another.</summary>
[CollectionDefinition(Name)]
public sealed class PageTests : ICollectionFixture<PageFixture>
{
    public const string Name = "page";
}
