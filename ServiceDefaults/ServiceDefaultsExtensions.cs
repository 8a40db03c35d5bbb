using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.ServiceDefaults;

/// <summary>What every host gets: telemetry, health, closed endpoints, a bounded shutdown.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Tag of checks that say whether the process itself lives (restart it when they fail).</summary>
    public const string LiveTag = "live";

    private static readonly string[] QuietSources = ["Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "System.Net.Http", "Yarp", "ZiggyCreatures"];

    /// <summary>Adds telemetry, the <c>self</c> check, and time to drain on SIGTERM.</summary>
    public static IHostApplicationBuilder AddServiceDefaults(this IHostApplicationBuilder builder)
    {
        builder.AddLogLevels();
        builder.AddTelemetry();
        builder.AddScopePolicies();
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.Services.AddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>
    /// Frameworks report every step at information level; what is worth a line is ours to say. The lowest of all sources, so that
    /// <c>Logging:LogLevel</c> changes it.
    /// </summary>
    private static void AddLogLevels(this IHostApplicationBuilder builder) => builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData = QuietSources.Select(source => KeyValuePair.Create($"Logging:LogLevel:{source}", (string?)nameof(LogLevel.Warning))),
    });

    /// <summary>
    /// <c>/alive</c>: the process lives. <c>/health</c>: it can do its work (all checks). Both are for the inside; the gateway shows
    /// its own.
    /// </summary>
    public static IEndpointRouteBuilder MapDefaultEndpoints(this IEndpointRouteBuilder app)
    {
        app.MapHealthChecks("/health", new HealthCheckOptions { ResponseWriter = HealthAnswer.WriteAsync }).AllowAnonymous();
        app.MapHealthChecks("/alive", new HealthCheckOptions { Predicate = check => check.Tags.Contains(LiveTag) }).AllowAnonymous();
        return app;
    }
}
