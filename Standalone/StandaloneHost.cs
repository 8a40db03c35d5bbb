using Deepfake.ForensicsWorker;
using Deepfake.FrameService;
using Deepfake.Gateway;
using Deepfake.InferenceWorker;
using Deepfake.InferenceWorker.Registry;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Bus;
using Deepfake.IngestService;
using Deepfake.ResultService;
using Deepfake.ServiceDefaults;

namespace Deepfake.Standalone;

/// <summary>The embedded default: every service in one process, an in-memory bus, a folder on disk. No broker, no Docker.</summary>
public static class StandaloneHost
{
    /// <summary>What <c>--help</c> prints.</summary>
    public const string Usage = """
        Deepfake.Aspire, all services in one process.

          ./run                         serve on http://localhost:8080 (HOST and PORT change it)
          ./run analyze [--json] FILE…  print a verdict for each file and exit
                                        exit code: 0 all analysed, 1 some could not be, 2 wrong usage
          ./run evaluate DIR            score DIR/real and DIR/fake and say how far to trust the verdicts on such media
          ./run key                     print a new key for Identity__BootstrapKey
          ./run openapi FILE            write the description of the API, as the services of this build have it

        Settings come from the environment or as --Name=value, e.g. DATA_PATH=/srv/deepfake or --Ingest:MaxBytes=…;
        docs/configuration.md lists them.
        """;

    /// <summary>Builds the host; the caller runs it.</summary>
    public static WebApplication Build(string[] args, Action<WebApplicationBuilder>? configure = null)
    {
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { Args = args, ContentRootPath = AppContext.BaseDirectory });
        builder.Configuration["Ingest:RecoverOnStart"] ??= "true";
        builder.Configuration["Identity:AllowLocal"] ??= "true";
        if (Address(builder.Configuration) is { } address) builder.WebHost.UseUrls(address);
        configure?.Invoke(builder);

        builder.AddServiceDefaults();
        builder.AddEmbeddedInfrastructure(DataFolder(builder.Configuration));
        builder.AddIngest();
        builder.AddFrames();
        builder.AddInference();
        builder.AddForensics();
        builder.AddResults();
        builder.AddFrontDoor();
        builder.AddEmbeddedPipelineBus();

        var app = builder.Build();
        app.UseFrontDoor();
        app.UseWebSockets();
        app.MapIngest();
        app.MapResults();
        app.MapModels();
        app.MapFrontDoor();
        app.MapDefaultEndpoints();
        return app;
    }

    /// <summary>Says where to go, for a person at a terminal.</summary>
    public static void Announce(WebApplication app)
    {
        foreach (var url in app.Urls) Console.WriteLine($"Deepfake.Aspire is ready on {url}");
    }

    // The tool is for this machine until it is told otherwise: loopback only.
    private static string? Address(ConfigurationManager configuration) =>
        configuration["urls"] is null && configuration["HTTP_PORTS"] is null
            ? $"http://{configuration["HOST"] ?? "localhost"}:{configuration["PORT"] ?? "8080"}"
            : null;

    private static string DataFolder(ConfigurationManager configuration) =>
        Path.GetFullPath(configuration["DATA_PATH"] ?? ".data");
}
