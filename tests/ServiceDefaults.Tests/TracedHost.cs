using System.Diagnostics;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using OpenTelemetry;
using OpenTelemetry.Logs;
using OpenTelemetry.Trace;

namespace Deepfake.ServiceDefaults.Tests;

/// <summary>A host with the defaults of every service, whose spans and log lines are kept.</summary>
internal sealed class TracedHost : IAsyncDisposable
{
    private readonly List<Activity> _spans = [];
    private readonly List<(string, IReadOnlyDictionary<string, object?>)> _lines = [];
    private readonly WebApplication _app;

    private TracedHost(WebApplication app) => _app = app;

    public IServiceProvider Services => _app.Services;

    public Uri Address => new(_app.Urls.First());

    /// <summary>A client that adds nothing of its own: no span, no header.</summary>
    public HttpClient Client { get; private set; } = null!;

    /// <param name="map">Adds endpoints.</param>
    /// <param name="configure">Adds services.</param>
    /// <param name="settings">More settings.</param>
    public static async Task<TracedHost> StartAsync(Action<WebApplication>? map = null, Action<WebApplicationBuilder>? configure = null, params (string Name, string? Value)[] settings)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        // Nobody listens there: what matters is that telemetry is on.
        builder.Configuration["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9";
        foreach (var (name, value) in settings) builder.Configuration[name] = value;
        builder.AddServiceDefaults();
        // Who may ask is no matter of these tests.
        builder.Services.PostConfigure<AuthorizationOptions>(authorization => authorization.FallbackPolicy = null);
        configure?.Invoke(builder);
        TracedHost? host = null;
        builder.Services.ConfigureOpenTelemetryTracerProvider(tracing => tracing.AddProcessor(_ => new SimpleActivityExportProcessor(new Keeper<Activity>((in Batch<Activity> batch) => host!.Keep(batch)))));
        builder.Services.ConfigureOpenTelemetryLoggerProvider(logging => logging.AddProcessor(_ => new ScopeKeeper(line => host?.Keep(line))));
        var app = builder.Build();
        host = new TracedHost(app);
        map?.Invoke(app);
        app.MapDefaultEndpoints();
        await app.StartAsync();
        host.Client = new HttpClient(new SocketsHttpHandler { ActivityHeadersPropagator = null }) { BaseAddress = host.Address };
        return host;
    }

    /// <summary>Spans that have ended, in the order of their ends.</summary>
    public IReadOnlyList<Activity> Spans
    {
        get { lock (_spans) return [.. _spans]; }
    }

    /// <summary>Log lines: message, and the names and values of the scopes around it.</summary>
    public IReadOnlyList<(string Text, IReadOnlyDictionary<string, object?> Scopes)> Lines
    {
        get { lock (_lines) return [.. _lines]; }
    }

    /// <summary>Waits for a span: the answer is there before the server's span has ended.</summary>
    public async Task<Activity> SpanAsync(Func<Activity, bool> predicate)
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        while (true)
        {
            if (Spans.FirstOrDefault(predicate) is { } span) return span;
            await Task.Delay(10, patience.Token);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        await _app.DisposeAsync();
    }

    private void Keep(in Batch<Activity> batch)
    {
        lock (_spans)
        {
            foreach (var span in batch) _spans.Add(span);
        }
    }

    private void Keep(LogRecord line)
    {
        var scopes = new Dictionary<string, object?>();
        line.ForEachScope((scope, all) =>
        {
            foreach (var pair in scope) all[pair.Key] = pair.Value;
        }, scopes);
        lock (_lines) _lines.Add((line.FormattedMessage ?? "", scopes));
    }

    private delegate void Take<T>(in Batch<T> batch)
        where T : class;

    private sealed class Keeper<T>(Take<T> take) : BaseExporter<T>
        where T : class
    {
        public override ExportResult Export(in Batch<T> batch)
        {
            take(batch);
            return ExportResult.Success;
        }
    }

    // Records are used again after they were exported, so they are read at once.
    private sealed class ScopeKeeper(Action<LogRecord> take) : BaseProcessor<LogRecord>
    {
        public override void OnEnd(LogRecord data) => take(data);
    }
}
