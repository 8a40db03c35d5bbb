using System.Collections.Concurrent;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.ResultService.Tests.Webhooks;

/// <summary>What came with one attempt.</summary>
internal sealed record Received(string Id, string Timestamp, string Signature, string Body, IReadOnlyDictionary<string, string> Headers);

/// <summary>Somebody's web server that takes notices: a real one, on a loopback port.</summary>
internal sealed class Receiver(WebApplication app) : IAsyncDisposable
{
    public ConcurrentQueue<Received> Notices { get; } = new();

    public string Url => app.Urls.First() + "/hook";

    /// <summary>Starts one whose answer depends on how many notices it got, this one included.</summary>
    public static Task<Receiver> StartAsync(Func<int, int> status) => StartAsync((attempt, context) =>
    {
        context.Response.StatusCode = status(attempt);
        return Task.CompletedTask;
    });

    public static async Task<Receiver> StartAsync(Func<int, HttpContext, Task> answer)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var app = builder.Build();
        var receiver = new Receiver(app);
        var count = 0;
        app.MapPost("/hook", async context =>
        {
            using var reader = new StreamReader(context.Request.Body);
            var headers = context.Request.Headers.ToDictionary(header => header.Key.ToLowerInvariant(), header => header.Value.ToString());
            receiver.Notices.Enqueue(new Received(headers["webhook-id"], headers["webhook-timestamp"], headers["webhook-signature"], await reader.ReadToEndAsync(), headers));
            await answer(Interlocked.Increment(ref count), context);
        });
        await app.StartAsync();
        return receiver;
    }

    public async ValueTask DisposeAsync() => await app.DisposeAsync();
}
