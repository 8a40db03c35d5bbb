using System.Buffers;
using System.Globalization;
using System.Net.ServerSentEvents;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Api;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Events;

/// <summary><c>GET /v1/analyses/{id}/events</c> as <c>text/event-stream</c> (WHATWG HTML, server-sent events), resumable by <c>Last-Event-ID</c>.</summary>
internal static class EventStream
{
    public static async Task<IResult> WriteAsync(
        string id, HttpContext http, AnalysisFeed feed, IOptions<ResultOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        // A stream is open for as long as the analysis takes; it must not hold up the drain of the process.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        IAsyncEnumerator<FeedEvent>? events = null;
        var next = Task.FromResult(false);
        try
        {
            if (await feed.OpenAsync(http.GetCaller().Tenant, id, LastEventId(http.Request), stop.Token) is not { } open) return AnalysisEndpoints.NotFound();
            events = open.Events.GetAsyncEnumerator(stop.Token);
            next = events.MoveNextAsync().AsTask();
            // Browsers come back after the end of a stream; 204 tells them that there is no more.
            if (open.IsOver && !await next) return TypedResults.NoContent();

            Begin(http);
            await http.Response.WriteAsync("retry: 2000\n\n", stop.Token);
            await http.Response.Body.FlushAsync(stop.Token);
            await SseFormatter.WriteAsync(
                FollowAsync(events), http.Response.Body, (item, buffer) => buffer.Write(JsonSerializer.SerializeToUtf8Bytes(item.Data, DeepfakeJson.Options)), stop.Token);
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The reader left, or we are leaving and it will resume with another instance.
        }
        finally
        {
            // A sequence must not be disposed while it is moving on.
            await stop.CancelAsync();
            await next.ContinueWith(static _ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
            if (events is not null) await events.DisposeAsync();
        }

        return TypedResults.Empty;

        async IAsyncEnumerable<SseItem<EventData>> FollowAsync(IAsyncEnumerator<FeedEvent> open)
        {
            while (await WaitAsync(next, http, options.Value.HeartbeatInterval, time, stop.Token))
            {
                var happened = open.Current;
                yield return new SseItem<EventData>(happened.Data, happened.Name) { EventId = happened.Sequence.ToString(CultureInfo.InvariantCulture) };
                if (happened.IsLast) yield break;
                next = open.MoveNextAsync().AsTask();
            }
        }
    }

    /// <summary>Waits for the next event; the heartbeats meanwhile are comments, which the formatter of events does not know.</summary>
    private static async Task<bool> WaitAsync(Task<bool> next, HttpContext http, TimeSpan heartbeat, TimeProvider time, CancellationToken cancellationToken)
    {
        while (true)
        {
            try
            {
                return await next.WaitAsync(heartbeat, time, cancellationToken);
            }
            catch (TimeoutException) when (!next.IsCompleted)
            {
                await http.Response.WriteAsync(": alive\n\n", cancellationToken);
                await http.Response.Body.FlushAsync(cancellationToken);
            }
        }
    }

    private static void Begin(HttpContext http)
    {
        http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        http.Response.ContentType = "text/event-stream";
        http.Response.Headers.CacheControl = "no-store";
        http.Response.Headers["X-Accel-Buffering"] = "no";
    }

    private static long LastEventId(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
}
