using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.Client.Tests;

/// <summary>A service on a loopback port that answers as a test wants.</summary>
internal sealed class StubService : IAsyncDisposable
{
    private readonly WebApplication _app;

    private StubService(WebApplication app) => _app = app;

    public Uri Address => new(_app.Urls.First());

    /// <summary>What was asked, oldest first: method, path with query, headers.</summary>
    public ConcurrentQueue<(string Line, IReadOnlyDictionary<string, string> Headers)> Requests { get; } = new();

    /// <summary>Starts it.</summary>
    /// <param name="answer">Gets the number of the request, from 1.</param>
    public static async Task<StubService> StartAsync(Func<int, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var stub = new StubService(app);
        var count = 0;
        app.Run(async context =>
        {
            stub.Requests.Enqueue((
                $"{context.Request.Method} {context.Request.Path}{context.Request.QueryString}",
                context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString())));
            await answer(Interlocked.Increment(ref count), context);
        });
        await app.StartAsync();
        return stub;
    }

    public DeepfakeClient Client(DeepfakeClientOptions? options = null, string? key = null) => new(Address, key, options);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();
}

/// <summary>Ways to answer.</summary>
internal static class Answers
{
    public const string Running = """{"id":"an_1","status":"running","stage":"scoring","progress":50,"media":{"format":"png","sha256":"","size_bytes":1},"created_at":"2026-01-01T00:00:00Z"}""";
    public const string Completed = """{"id":"an_1","status":"completed","stage":"done","progress":100,"verdict":"authentic","media":{"format":"png","sha256":"","size_bytes":1},"created_at":"2026-01-01T00:00:00Z","completed_at":"2026-01-01T00:00:09Z"}""";

    public static async Task JsonAsync(this HttpContext context, string json, int status = 200)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    }

    public static async Task ProblemAsync(this HttpContext context, int status, string code, string? retryAfter = null)
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/problem+json";
        if (retryAfter is not null) context.Response.Headers.RetryAfter = retryAfter;
        await context.Response.WriteAsync($$"""{"status":{{status}},"code":"{{code}}","detail":"Because.","trace_id":"4bf9"}""");
    }

    public static async Task EventsAsync(this HttpContext context, params (int Id, string Status, double Percent)[] events)
    {
        context.Response.ContentType = "text/event-stream";
        foreach (var (id, status, percent) in events)
            await context.Response.WriteAsync($"id: {id}\nevent: {status}\ndata: {{\"id\":\"an_1\",\"status\":\"{status}\",\"stage\":\"scoring\",\"percent\":{percent},\"at\":\"2026-01-01T00:00:00Z\"}}\n\n");
        await context.Response.Body.FlushAsync();
    }
}
