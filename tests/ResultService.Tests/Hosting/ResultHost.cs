using System.Collections.Concurrent;
using System.Net;
using System.Net.Http.Json;
using System.Security.Claims;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Merging;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using MassTransit;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Deepfake.ResultService.Tests.Hosting;

/// <summary>ResultService on Kestrel with the embedded adapters in a folder of its own and the in-memory bus.</summary>
internal sealed class ResultHost : IAsyncDisposable
{
    /// <summary>How many unfinished analyses the key of a request may have.</summary>
    public const string ConcurrencyHeader = "X-Test-Concurrency";

    private readonly WebApplication _app;
    private readonly DirectoryInfo _folder;
    private readonly CompletedRecorder _completed;

    private ResultHost(WebApplication app, DirectoryInfo folder, ShiftedClock clock, PowerCuts cuts)
    {
        (_app, _folder, Clock, Cuts) = (app, folder, clock, cuts);
        _completed = Get<CompletedRecorder>();
        Client = new HttpClient { BaseAddress = new Uri(app.Urls.First()), Timeout = TimeSpan.FromSeconds(30) };
    }

    public HttpClient Client { get; }

    public ShiftedClock Clock { get; }

    public PowerCuts Cuts { get; }

    public IAnalysisStore Analyses => Get<IAnalysisStore>();

    public IHistoryStore History => Get<IHistoryStore>();

    public IObjectStore Objects => Get<IObjectStore>();

    public IBus Bus => Get<IBus>();

    public AnalysisMerger Merger => Get<AnalysisMerger>();

    public static async Task<ResultHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var folder = Directory.CreateTempSubdirectory("results-");
        var clock = new ShiftedClock();
        var cuts = new PowerCuts();
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = folder.FullName });
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Configuration["Results:SweepInterval"] = "00:00:00.1";
        builder.Configuration["Results:FusionFile"] = Path.Combine(folder.FullName, "fusion.json");
        builder.Configuration["Bus:RetryMilliseconds:0"] = "20";
        builder.Configuration["Bus:RedeliverySeconds:0"] = "0.1";
        foreach (var (key, value) in settings) builder.Configuration[key] = value;
        builder.Services.AddSingleton<TimeProvider>(clock);
        if (builder.Configuration.GetConnectionString("history") is null) builder.AddEmbeddedInfrastructure(Path.Combine(folder.FullName, "data"));
        else builder.AddInfrastructure();
        cuts.Wrap<IAnalysisStore>(builder.Services);
        cuts.Wrap<IHistoryStore>(builder.Services);
        cuts.Wrap<IObjectStore>(builder.Services);
        builder.Services.AddSingleton<CompletedRecorder>();
        builder.AddScopePolicies();
        builder.AddResults();
        builder.Services.AddSingleton<SubmittedRecorder>();
        builder.Services.AddPipelineConsumer<SubmittedConsumer>(new ConsumerSettings { Queue = "test-submitted", PerLane = false, Concurrency = 4 });
        builder.Services.AddPipelineConsumer<CompletedConsumer>(new ConsumerSettings { Queue = "test-completed", PerLane = false, Concurrency = 4 });
        builder.AddEmbeddedPipelineBus();
        var app = builder.Build();
        app.UseProblems();
        app.UseWebSockets();
        app.Use((context, next) =>
        {
            var caller = int.TryParse(context.Request.Headers[ConcurrencyHeader], out var most) ? Caller.Local with { KeyId = "test", KeyConcurrency = most } : Caller.Local;
            context.User = new ClaimsPrincipal(new CallerIdentity(caller, "test"));
            return next(context);
        });
        app.UseAuthorization();
        app.MapResults();
        try
        {
            await app.StartAsync();
        }
        catch
        {
            await app.DisposeAsync();
            folder.Delete(recursive: true);
            throw;
        }

        await Eventually.TrueAsync(() => app.Services.GetRequiredService<IBusControl>().CheckHealth().Status == BusHealthStatus.Healthy, "the bus is up");
        return new ResultHost(app, folder, clock, cuts);
    }

    public T Get<T>()
        where T : notnull => _app.Services.GetRequiredService<T>();

    /// <summary>One turn of a hosted sweeper.</summary>
    public Task SweepAsync<T>()
        where T : Sweeping.PeriodicSweep => _app.Services.GetServices<IHostedService>().OfType<T>().Single().SweepAsync(CancellationToken.None);

    public IReadOnlyList<AnalysisCompleted> Completed(string id) => [.. _completed.Messages.Where(message => message.AnalysisId == id)];

    public async Task<List<string>> KeysAsync(string id)
    {
        var keys = new List<string>();
        await foreach (var key in Objects.ListAsync(ObjectKeys.Prefix("default", id), CancellationToken.None)) keys.Add(key);
        return keys;
    }

    /// <summary>Waits until an analysis is over and its end announced.</summary>
    public async Task<Analysis> WaitForEndAsync(string id)
    {
        Analysis? result = null;
        await Eventually.TrueAsync(async () => (result = await Analyses.FindResultAsync("default", id, CancellationToken.None)) is not null, $"{id} ends");
        await Eventually.TrueAsync(() => Completed(id).Count > 0, $"the end of {id} is announced");
        return result!;
    }

    public async Task<Analysis> GetAsync(string id) =>
        await Client.GetFromJsonAsync<Analysis>($"/v1/analyses/{id}", DeepfakeJson.Options) ?? throw new InvalidDataException("null");

    public static async Task AssertProblemAsync(HttpResponseMessage response, HttpStatusCode status, string code)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal("application/problem+json", response.Content.Headers.ContentType?.MediaType);
        var problem = await response.Content.ReadFromJsonAsync<JsonElement>();
        Assert.Equal(code, problem.GetProperty("code").GetString());
    }

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Cuts.Clear();
        Client.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        _folder.Delete(recursive: true);
    }

    internal sealed class CompletedRecorder
    {
        public ConcurrentQueue<AnalysisCompleted> Messages { get; } = new();
    }

    public IReadOnlyList<MediaSubmitted> Submitted(string id) => [.. Get<SubmittedRecorder>().Messages.Where(message => message.AnalysisId == id)];

    internal sealed class SubmittedRecorder
    {
        public ConcurrentQueue<MediaSubmitted> Messages { get; } = new();
    }

    internal sealed class SubmittedConsumer(SubmittedRecorder recorder) : IConsumer<MediaSubmitted>
    {
        public Task Consume(ConsumeContext<MediaSubmitted> context)
        {
            recorder.Messages.Enqueue(context.Message);
            return Task.CompletedTask;
        }
    }

    internal sealed class CompletedConsumer(CompletedRecorder recorder) : IConsumer<AnalysisCompleted>
    {
        public Task Consume(ConsumeContext<AnalysisCompleted> context)
        {
            recorder.Messages.Enqueue(context.Message);
            return Task.CompletedTask;
        }
    }
}

/// <summary>The real clock, moved forward at will. Timers run in real time.</summary>
internal sealed class ShiftedClock : TimeProvider
{
    private long _ticks;

    public void Advance(TimeSpan by) => Interlocked.Add(ref _ticks, by.Ticks);

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + TimeSpan.FromTicks(Interlocked.Read(ref _ticks));
}
