using System.Collections.Concurrent;
using System.Diagnostics;
using System.Net.Http.Headers;
using System.Security.Claims;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Sweeping;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Deepfake.IngestService.Tests;

/// <summary>IngestService as its Program composes it, on a free port, over the embedded adapters in a folder of its own.</summary>
internal sealed class IngestHost : IAsyncDisposable
{
    /// <summary>Stands for an API key of the named tenant.</summary>
    public const string TenantHeader = "X-Test-Tenant";

    /// <summary>How many unfinished analyses the key of a request may have.</summary>
    public const string ConcurrencyHeader = "X-Test-Concurrency";

    private readonly WebApplication _app;

    private IngestHost(WebApplication app, string folder, Broken broken)
    {
        _app = app;
        Folder = folder;
        Breaks = broken;
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(60) };
    }

    public HttpClient Client { get; }

    public string Folder { get; }

    public Broken Breaks { get; }

    public IObjectStore Objects => _app.Services.GetRequiredService<IObjectStore>();

    public IAnalysisStore Analyses => _app.Services.GetRequiredService<IAnalysisStore>();

    public IHistoryStore History => _app.Services.GetRequiredService<IHistoryStore>();

    public IEnumerable<IExpiry> Expiries => _app.Services.GetServices<IExpiry>();

    public Inbox Inbox => _app.Services.GetRequiredService<Inbox>();

    public static Task<IngestHost> StartAsync(string? folder = null, params (string Key, string Value)[] settings) => StartAsync(_ => { }, folder, settings);

    /// <param name="configure">Changes services before the service adds its own.</param>
    /// <param name="folder">Data folder; null for a new one.</param>
    /// <param name="settings">Configuration.</param>
    public static async Task<IngestHost> StartAsync(Action<IServiceCollection> configure, string? folder, params (string Key, string Value)[] settings)
    {
        folder ??= Directory.CreateTempSubdirectory("ingest-").FullName;
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { EnvironmentName = "Production" });
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.SetMinimumLevel(LogLevel.Critical);
        builder.Configuration.AddInMemoryCollection(settings.ToDictionary(pair => pair.Key, pair => (string?)pair.Value));
        builder.AddServiceDefaults();
        configure(builder.Services);
        if (builder.Configuration.GetConnectionString("blobs") is null) builder.AddEmbeddedInfrastructure(folder);
        else builder.AddInfrastructure();
        builder.AddIngest();
        builder.Services.AddSingleton<Inbox>();
        builder.Services.AddPipelineConsumer<InboxConsumer>(new ConsumerSettings { Queue = "inbox", PerLane = false });
        builder.AddEmbeddedPipelineBus();
        var broken = new Broken(Faults<IObjectStore>.Insert(builder.Services), Faults<IAnalysisStore>.Insert(builder.Services), Faults<IBus>.Insert(builder.Services), FaultyDocuments.Insert(builder.Services));
        var app = builder.Build();
        app.Use((context, next) =>
        {
            var caller = context.Request.Headers[TenantHeader].ToString() is { Length: > 0 } tenant
                ? new Caller(tenant, "test", Scopes.All) { KeyConcurrency = int.TryParse(context.Request.Headers[ConcurrencyHeader], out var most) ? most : null }
                : Caller.Local;
            context.User = new ClaimsPrincipal(new CallerIdentity(caller, "test"));
            return next(context);
        });
        app.UseProblems();
        app.UseAuthorization();
        app.MapIngest();
        app.MapDefaultEndpoints();
        await app.StartAsync();
        return new IngestHost(app, folder, broken);
    }

    public IDocumentStore<T> Documents<T>()
        where T : class => _app.Services.GetRequiredService<IDocumentStore<T>>();

    public Task<HttpResponseMessage> PostRawAsync(byte[] body, string query = "", string contentType = "application/octet-stream", params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, "/v1/analyses" + query) { Content = new ByteArrayContent(body) };
        request.Content.Headers.ContentType = MediaTypeHeaderValue.Parse(contentType);
        foreach (var (key, value) in headers)
            if (!request.Headers.TryAddWithoutValidation(key, value)) request.Content.Headers.TryAddWithoutValidation(key, value);
        return Client.SendAsync(request);
    }

    public Task<HttpResponseMessage> PostJsonAsync(string path, object body, params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(HttpMethod.Post, path) { Content = new StringContent(JsonSerializer.Serialize(body), null, "application/json") };
        foreach (var (key, value) in headers) request.Headers.TryAddWithoutValidation(key, value);
        return Client.SendAsync(request);
    }

    /// <summary>No object, no half-written file, no unfinished record.</summary>
    public async Task AssertNothingLeftAsync()
    {
        Assert.Empty(await Objects.ListAsync("", CancellationToken.None).ToListAsync());
        Assert.Empty(Uploads());
        Assert.Equal(0, await Analyses.CountUnfinishedAsync(CancellationToken.None));
    }

    /// <summary>Files that hold bytes of uploads, finished or not.</summary>
    public IReadOnlyList<string> Uploads() =>
        [.. Directory.EnumerateFiles(Folder, "*", SearchOption.AllDirectories).Where(file => file.Contains("/objects/", StringComparison.Ordinal) || file.Contains("/incoming/", StringComparison.Ordinal)
            || file.Contains("/growing/", StringComparison.Ordinal))];

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        Directory.Delete(Folder, recursive: true);
    }

    /// <summary>Stops serving, as SIGTERM does: what is in work may end.</summary>
    public Task StopServingAsync() => _app.StopAsync();

    /// <summary>Stops the host and leaves its folder to the next one.</summary>
    public async Task StopAsync()
    {
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
    }
}

/// <summary>Methods of the ports that fail for now.</summary>
internal sealed record Broken(FaultSet Objects, FaultSet Analyses, FaultSet Bus, FaultSet Documents);

/// <summary>What reached the next service.</summary>
public sealed class Inbox
{
    private readonly ConcurrentQueue<(MediaSubmitted Message, ActivityTraceId Trace)> _received = new();

    public IReadOnlyCollection<(MediaSubmitted Message, ActivityTraceId Trace)> Received => _received;

    public void Add(MediaSubmitted message) => _received.Enqueue((message, Activity.Current?.TraceId ?? default));

    public async Task<(MediaSubmitted Message, ActivityTraceId Trace)> WaitForAsync(string analysisId)
    {
        await Eventually.TrueAsync(() => _received.Any(entry => entry.Message.AnalysisId == analysisId), $"{analysisId} is published");
        return _received.First(entry => entry.Message.AnalysisId == analysisId);
    }
}

public sealed class InboxConsumer(Inbox inbox) : IConsumer<MediaSubmitted>
{
    public Task Consume(ConsumeContext<MediaSubmitted> context)
    {
        inbox.Add(context.Message);
        return Task.CompletedTask;
    }
}

internal static class Answers
{
    public static async Task<Analysis> IsAcceptedAsync(HttpResponseMessage response)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(response.StatusCode == System.Net.HttpStatusCode.Accepted, $"{response.StatusCode}: {text}");
        var analysis = JsonSerializer.Deserialize<Analysis>(text, DeepfakeJson.Options)!;
        Assert.Equal($"/v1/analyses/{analysis.Id}", response.Headers.Location?.OriginalString);
        return analysis;
    }

    public static async Task<JsonElement> IsProblemAsync(HttpResponseMessage response, int status, string code)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True((int)response.StatusCode == status, $"{response.StatusCode}: {text}");
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = JsonDocument.Parse(text).RootElement;
        Assert.Equal(code, problem.GetProperty("code").GetString());
        Assert.Equal(status, problem.GetProperty("status").GetInt32());
        Assert.Matches("^[0-9a-f]{32}$", problem.GetProperty("trace_id").GetString());
        return problem;
    }
}
