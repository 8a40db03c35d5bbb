using System.Diagnostics;
using System.Diagnostics.Metrics;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Metrics;
using OpenTelemetry.Resources;
using OpenTelemetry.Trace;

namespace Deepfake.ServiceDefaults;

/// <summary>
/// Traces, metrics and logs over OTLP. Exporting starts only where <c>OTEL_EXPORTER_OTLP_ENDPOINT</c> is set, as Aspire, compose and
/// Kubernetes do; protocol and headers follow the OpenTelemetry environment variables.
/// </summary>
public static class Telemetry
{
    /// <summary>Name of the product's own activity source and meter.</summary>
    public const string SourceName = "Deepfake";

    /// <summary>Spans of the product's own stages.</summary>
    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Instruments of the product's own stages.</summary>
    public static Meter Meter { get; } = new(SourceName);

    private static readonly string[] Sources = [SourceName, "Microsoft.AspNetCore", "System.Net.Http", "MassTransit", "Yarp.ReverseProxy"];

    private static readonly string[] Meters =
    [
        SourceName, "MassTransit", "Microsoft.AspNetCore.Hosting", "Microsoft.AspNetCore.Server.Kestrel", "System.Net.Http", "System.Runtime",
    ];

    internal static void AddTelemetry(this IHostApplicationBuilder builder)
    {
        if (string.IsNullOrWhiteSpace(builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"])) return;

        var service = builder.Configuration["OTEL_SERVICE_NAME"] ?? builder.Environment.ApplicationName;
        var resource = ResourceBuilder.CreateDefault().AddService(service).AddEnvironmentVariableDetector();
        builder.Services.AddSingleton(_ => Sdk.CreateTracerProviderBuilder()
            .SetResourceBuilder(resource).AddSource(Sources).SetSampler(new ParentBasedSampler(new AlwaysOnSampler()))
            .AddProcessor(new ProbeFilter()).AddOtlpExporter().Build());
        builder.Services.AddSingleton(_ => Sdk.CreateMeterProviderBuilder()
            .SetResourceBuilder(resource).AddMeter(Meters).AddOtlpExporter().Build());
        builder.Logging.AddOpenTelemetry(logs =>
        {
            logs.IncludeScopes = true;
            logs.IncludeFormattedMessage = true;
            logs.SetResourceBuilder(resource).AddOtlpExporter();
        });
        builder.Services.AddHostedService<ProviderLifetime>();
    }

    /// <summary>Health probes would drown the traces people look for.</summary>
    private sealed class ProbeFilter : BaseProcessor<Activity>
    {
        public override void OnEnd(Activity data)
        {
            if (data.GetTagItem("url.path") is "/health" or "/alive") data.ActivityTraceFlags &= ~ActivityTraceFlags.Recorded;
        }
    }

    /// <summary>Stands in for OpenTelemetry.Extensions.Hosting: builds the providers before anything starts, flushes them last.</summary>
    private sealed class ProviderLifetime(IServiceProvider services) : IHostedLifecycleService
    {
        private TracerProvider? _tracer;
        private MeterProvider? _meter;

        public Task StartingAsync(CancellationToken cancellationToken)
        {
            _tracer = services.GetRequiredService<TracerProvider>();
            _meter = services.GetRequiredService<MeterProvider>();
            return Task.CompletedTask;
        }

        public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StoppedAsync(CancellationToken cancellationToken)
        {
            _tracer?.ForceFlush(5000);
            _meter?.ForceFlush(5000);
            return Task.CompletedTask;
        }
    }
}
