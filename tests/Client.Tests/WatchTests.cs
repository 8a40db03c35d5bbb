using Deepfake.Contracts;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Client.Tests;

public sealed class WatchTests
{
    [Fact]
    public async Task A_stream_that_breaks_off_is_resumed_behind_the_last_event()
    {
        await using var stub = await StubService.StartAsync((attempt, context) =>
            attempt == 1 ? context.EventsAsync((1, "running", 10), (2, "running", 20)) : context.EventsAsync((3, "running", 30), (4, "completed", 100)));
        using var client = stub.Client();
        Assert.Equal([(1, 10), (2, 20), (3, 30), (4, 100)], await ReadAsync(client));
        Assert.Equal("2", stub.Requests.Last().Headers["last-event-id"]);
    }

    [Fact]
    public async Task A_stream_that_falls_silent_is_left()
    {
        var never = new TaskCompletionSource();
        await using var stub = await StubService.StartAsync(async (attempt, context) =>
        {
            if (attempt == 2) context.Abort(); // the first to come back finds the way cut
            else await context.EventsAsync(attempt == 1 ? (1, "running", 10) : (2, "completed", 100));
            if (attempt == 1) await never.Task;
        });
        using var client = stub.Client(new DeepfakeClientOptions { EventSilence = TimeSpan.FromMilliseconds(300) });
        Assert.Equal([(1, 10), (2, 100)], await ReadAsync(client));
        never.SetResult();
    }

    [Fact]
    public async Task Where_no_stream_comes_through_the_record_is_polled()
    {
        var polls = 0;
        await using var stub = await StubService.StartAsync(async (_, context) =>
        {
            if (context.Request.Path.Value!.EndsWith("/events", StringComparison.Ordinal))
            {
                await context.JsonAsync("{}"); // a proxy that knows better
                return;
            }

            context.Response.Headers.ETag = "\"a\"";
            if (++polls == 2) context.Response.StatusCode = StatusCodes.Status304NotModified;
            else await context.JsonAsync(polls < 3 ? Answers.Running : Answers.Completed);
        });
        using var client = stub.Client();
        Assert.Equal([(0, 50), (0, 100)], await ReadAsync(client));
        Assert.Equal("\"a\"", stub.Requests.Last().Headers["if-none-match"]);
        Assert.Equal("GET /v1/analyses/an_1?wait=30", stub.Requests.Last().Line);
    }

    [Fact]
    public async Task An_analysis_whose_events_were_all_read_is_over_at_once()
    {
        await using var stub = await StubService.StartAsync((_, context) =>
        {
            if (!context.Request.Path.Value!.EndsWith("/events", StringComparison.Ordinal)) return context.JsonAsync(Answers.Completed);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            return Task.CompletedTask;
        });
        using var client = stub.Client();
        Assert.Equal(AnalysisStatus.Completed, (await client.WaitAsync("an_1")).Status);
    }

    [Fact]
    public async Task An_unknown_analysis_is_an_error_and_leaving_early_is_none()
    {
        await using var stub = await StubService.StartAsync((_, context) =>
            context.Request.Path.Value!.Contains("an_1", StringComparison.Ordinal) ? context.EventsAsync((1, "running", 10), (2, "running", 20)) : context.ProblemAsync(404, ErrorCodes.NotFound));
        using var client = stub.Client();
        Assert.Equal(ErrorCodes.NotFound, (await Assert.ThrowsAsync<DeepfakeApiException>(() => client.WaitAsync("an_2"))).Code);
        await foreach (var update in client.WatchAsync("an_1"))
        {
            Assert.Equal(10, update.Percent);
            break;
        }

        using var stop = new CancellationTokenSource();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in client.WatchAsync("an_1", cancellationToken: stop.Token)) await stop.CancelAsync();
        });
    }

    private static async Task<List<(int, int)>> ReadAsync(DeepfakeClient client)
    {
        var updates = new List<(int, int)>();
        await foreach (var update in client.WatchAsync("an_1")) updates.Add(((int)update.Sequence, (int)update.Percent));
        return updates;
    }
}
