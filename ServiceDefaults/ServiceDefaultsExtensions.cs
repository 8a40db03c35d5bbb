using System.Globalization;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Tracing;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Diagnostics.HealthChecks;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Http.Resilience;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Deepfake.ServiceDefaults;

/// <summary>What every host gets: telemetry, health checks, service discovery, resilience of HTTP clients, closed endpoints, a bounded shutdown.</summary>
public static class ServiceDefaultsExtensions
{
    /// <summary>Tag of checks that say whether the process itself lives (restart it when they fail).</summary>
    public const string LiveTag = "live";

    private const string HealthPath = "/health";
    private const string AlivePath = "/alive";
    private const string Endpoint = "OTEL_EXPORTER_OTLP_ENDPOINT";

    private static readonly string[] QuietSources = ["MassTransit", "Microsoft.AspNetCore", "Microsoft.EntityFrameworkCore", "System.Net.Http", "Polly", "Yarp", "ZiggyCreatures"];

    /// <summary>Adds all of it.</summary>
    public static TBuilder AddServiceDefaults<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.AddBaseSettings();
        builder.ConfigureOpenTelemetry();
        builder.AddDefaultHealthChecks();
        builder.AddScopePolicies();
        builder.Services.AddServiceDiscovery();
        builder.Services.ConfigureHttpClientDefaults(http =>
        {
            // What changes something at the other end is sent once: whoever sends it knows whether it may be repeated.
            http.AddStandardResilienceHandler(options => options.Retry.DisableForUnsafeHttpMethods());
            http.AddServiceDiscovery();
        });
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.Services.AddSingleton(TimeProvider.System);
        return builder;
    }

    /// <summary>
    /// Adds traces, metrics and logs over OTLP. Nothing is recorded unless <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, as Aspire, compose
    /// and Kubernetes do: the embedded host pays for no telemetry that nobody takes. The other OpenTelemetry variables hold as well.
    /// </summary>
    public static TBuilder ConfigureOpenTelemetry<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddTransient<IStartupFilter, AnalysisRequests>();
        if (string.IsNullOrWhiteSpace(builder.Configuration[Endpoint])) return builder;

        builder.Logging.AddOpenTelemetry(logging =>
        {
            logging.IncludeFormattedMessage = true;
            logging.IncludeScopes = true;
        });
        builder.Services.AddOpenTelemetry()
            .ConfigureResource(resource => resource.AddService(builder.Environment.ApplicationName).AddEnvironmentVariableDetector())
            .WithMetrics(metrics => metrics
                .AddAspNetCoreInstrumentation()
                .AddHttpClientInstrumentation()
                .AddRuntimeInstrumentation()
                .AddProcessInstrumentation()
                .AddMeter(Telemetry.SourceName, "MassTransit", "Npgsql"))
            .WithTracing(tracing => tracing
                .SetSampler(Sampler(builder.Configuration))
                .AddProcessor<AnalysisTagProcessor>()
                .AddSource(Telemetry.SourceName, "MassTransit")
                .AddAspNetCoreInstrumentation(options => options.Filter = context => !IsProbe(context.Request.Path))
                .AddHttpClientInstrumentation(options => options.EnrichWithHttpRequestMessage = (activity, request) =>
                {
                    if (UrlTemplate.Find(request) is not { } template) return;
                    activity.DisplayName = $"{request.Method.Method} {template}";
                    activity.SetTag(UrlTemplate.Tag, template);
                })
                .AddEntityFrameworkCoreInstrumentation()
                .AddRedisInstrumentation())
            .UseOtlpExporter();
        return builder;
    }

    /// <summary>Adds the check that the process answers at all.</summary>
    public static TBuilder AddDefaultHealthChecks<TBuilder>(this TBuilder builder)
        where TBuilder : IHostApplicationBuilder
    {
        builder.Services.AddHealthChecks().AddCheck("self", () => HealthCheckResult.Healthy(), [LiveTag]);
        return builder;
    }

    /// <summary>
    /// <c>/alive</c>: the process lives. <c>/health</c>: it can do its work (all checks). In every environment, since Kubernetes and the
    /// gateway ask as well; they are for the inside, the gateway shows its own.
    /// </summary>
    public static WebApplication MapDefaultEndpoints(this WebApplication app)
    {
        app.MapHealthChecks(HealthPath, new HealthCheckOptions { ResponseWriter = HealthAnswer.WriteAsync }).AllowAnonymous();
        app.MapHealthChecks(AlivePath, new HealthCheckOptions { Predicate = check => check.Tags.Contains(LiveTag) }).AllowAnonymous();
        return app;
    }

    private static bool IsProbe(PathString path) => path.StartsWithSegments(HealthPath, StringComparison.OrdinalIgnoreCase) || path.StartsWithSegments(AlivePath, StringComparison.OrdinalIgnoreCase);

    /// <summary>
    /// Frameworks report every step at information level; what is worth a line is ours to say. Databases are described by OpenTelemetry's
    /// stable names. The lowest of all sources, so that every setting changes it.
    /// </summary>
    private static void AddBaseSettings(this IHostApplicationBuilder builder) => builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
    {
        InitialData =
        [
            .. QuietSources.Select(source => KeyValuePair.Create($"Logging:LogLevel:{source}", (string?)nameof(LogLevel.Warning))),
            KeyValuePair.Create("OTEL_SEMCONV_STABILITY_OPT_IN", (string?)"database"),
        ],
    });

    /// <summary>
    /// What has a parent follows it. A caller from outside who is not traced is none: .NET programs without a tracer send every request so.
    /// </summary>
    private static ParentBasedSampler Sampler(IConfiguration configuration)
    {
        var root = new RootSampler(Accepted(configuration));
        return new ParentBasedSampler(root, remoteParentNotSampled: root);
    }

    /// <summary>A sampler that is set in code hides these variables from the SDK, so they are read here: a share of all traces, or all.</summary>
    private static Sampler Accepted(IConfiguration configuration) => configuration["OTEL_TRACES_SAMPLER"] switch
    {
        "traceidratio" or "parentbased_traceidratio" when double.TryParse(configuration["OTEL_TRACES_SAMPLER_ARG"], CultureInfo.InvariantCulture, out var share) && share is >= 0 and <= 1 =>
            new TraceIdRatioBasedSampler(share),
        "always_off" or "parentbased_always_off" => new AlwaysOffSampler(),
        _ => new AlwaysOnSampler(),
    };
}
