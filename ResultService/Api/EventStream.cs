using System.Globalization;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Merging;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Api;

/// <summary>
/// <c>GET /v1/analyses/{id}/events</c> as <c>text/event-stream</c> (WHATWG HTML, server-sent events). <c>id</c> is the position in the
/// analysis' event log, so a reader that comes back with <c>Last-Event-ID</c>, to any instance, misses nothing.
/// </summary>
internal static class EventStream
{
    public static async Task<IResult> WriteAsync(
        string id, HttpContext http, IAnalysisStore analyses, IHistoryStore history, IOptions<ResultOptions> options, TimeProvider time, IHostApplicationLifetime lifetime)
    {
        // A stream is open for as long as the analysis takes; it must not hold up the drain of the process.
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        var tenant = http.GetCaller().Tenant;
        IAsyncEnumerator<AnalysisEvent>? events = null;
        var next = Task.FromResult(false);
        try
        {
            var after = LastEventId(http.Request);
            if (await analyses.FindAsync(tenant, id, stop.Token) is not { } state)
            {
                // Its events are gone, its result is not: say how it ended, once.
                if (await history.FindAsync(tenant, id, stop.Token) is not { } old) return AnalysisEndpoints.NotFound();
                if (after > 0) return TypedResults.NoContent();
                Begin(http);
                await http.Response.WriteAsync(Terminal(1, old), stop.Token);
                return TypedResults.Empty;
            }

            events = analyses.WatchAsync(id, after, stop.Token).GetAsyncEnumerator(stop.Token);
            next = events.MoveNextAsync().AsTask();
            // Browsers come back after the end of a stream; 204 tells them that there is no more.
            if (state.IsOver && !await next) return TypedResults.NoContent();

            Begin(http);
            await http.Response.WriteAsync("retry: 2000\n\n", stop.Token);
            await http.Response.Body.FlushAsync(stop.Token);
            while (await WaitAsync(next, http, options.Value.HeartbeatInterval, time, stop.Token))
            {
                var entry = events.Current;
                await http.Response.WriteAsync(await FormatAsync(state.Record, entry, analyses, time, stop.Token), stop.Token);
                await http.Response.Body.FlushAsync(stop.Token);
                if (entry.IsTerminal) break;
                next = events.MoveNextAsync().AsTask();
            }
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
    }

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

    private static async Task<string> FormatAsync(AnalysisRecord record, AnalysisEvent entry, IAnalysisStore analyses, TimeProvider time, CancellationToken cancellationToken)
    {
        if (entry.IsTerminal && await analyses.FindResultAsync(record.Tenant, record.Id, cancellationToken) is { } result) return Terminal(entry.Sequence, result);
        return Format(entry.Sequence, entry.IsTerminal ? Name(entry.Status) : "progress", new EventData
        {
            Id = record.Id,
            Status = entry.Status,
            Stage = entry.Stage,
            Percent = Math.Round(entry.Percent, 1),
            SecondsRemaining = Progress.SecondsRemaining(record, entry.Status, entry.Percent, time.GetUtcNow()),
            At = entry.At,
        });
    }

    private static string Terminal(long sequence, Analysis result) => Format(sequence, Name(result.Status), new EventData
    {
        Id = result.Id,
        Status = result.Status,
        Stage = result.Stage,
        Percent = result.Progress,
        At = result.CompletedAt ?? result.CreatedAt,
        Verdict = result.Verdict,
        DeepfakeScore = result.DeepfakeScore,
        Error = result.Error,
    });

    private static string Format(long sequence, string name, EventData data) =>
        string.Create(CultureInfo.InvariantCulture, $"id: {sequence}\nevent: {name}\ndata: {JsonSerializer.Serialize(data, DeepfakeJson.Options)}\n\n");

    private static string Name(AnalysisStatus status) => status.ToString().ToLowerInvariant();

    private static long LastEventId(HttpRequest request) =>
        long.TryParse(request.Headers["Last-Event-ID"], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence) ? sequence : 0;
}

/// <summary>What an event says.</summary>
internal sealed record EventData
{
    public required string Id { get; init; }

    public required AnalysisStatus Status { get; init; }

    public required Stage Stage { get; init; }

    public required double Percent { get; init; }

    public double? SecondsRemaining { get; init; }

    public required DateTimeOffset At { get; init; }

    public Verdict? Verdict { get; init; }

    public double? DeepfakeScore { get; init; }

    public AnalysisError? Error { get; init; }
}
