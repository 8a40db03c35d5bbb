using System.Net;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Events;

public sealed class EventStreamTests
{
    [Fact]
    public async Task A_reader_sees_every_step_as_it_happens_and_the_stream_ends_after_the_last()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using var reader = await EventReader.OpenAsync(host, submission.Id);
        Assert.Equal("text/event-stream", reader.Response.Content.Headers.ContentType?.MediaType);
        Assert.True(reader.Response.Headers.CacheControl?.NoStore);

        var accepted = await reader.NextAsync();
        Assert.Equal((1, "progress", "accepted"), (accepted!.Id, accepted.Name, accepted.Data.GetProperty("status").GetString()));
        await host.Bus.Publish(submission.Progressed(Stage.Frames, 0));
        var begun = await reader.NextAsync();
        Assert.Equal(JsonValueKind.Null, begun!.Data.GetProperty("seconds_remaining").ValueKind); // nobody can know yet
        host.Clock.Advance(TimeSpan.FromSeconds(10));
        await host.Bus.Publish(submission.Progressed(Stage.Frames, 0.5));
        var half = await reader.NextAsync();
        Assert.Equal(("frames", 24.5), (half!.Data.GetProperty("stage").GetString(), half.Data.GetProperty("percent").GetDouble()));
        Assert.InRange(half.Data.GetProperty("seconds_remaining").GetDouble(), 36, 50); // 10 s for a fifth

        await submission.PublishAllAsync(host);
        var rest = await reader.RestAsync();

        Assert.Equal("completed", rest[^1].Name);
        Assert.Equal(("manipulated", 100), (rest[^1].Data.GetProperty("verdict").GetString(), rest[^1].Data.GetProperty("percent").GetDouble()));
        var all = rest.Prepend(half).Prepend(begun).Prepend(accepted).ToList();
        Assert.Equal(Enumerable.Range(1, all.Count).Select(i => (long)i), all.Select(entry => entry.Id));
        var percents = all.Select(entry => entry.Data.GetProperty("percent").GetDouble()).ToList();
        Assert.Equal(percents.Order(), percents);
    }

    [Fact]
    public async Task A_reader_that_comes_back_gets_what_it_missed_and_nothing_twice()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0.1), CancellationToken.None);
        using (var first = await EventReader.OpenAsync(host, submission.Id))
        {
            Assert.Equal(1, (await first.NextAsync())!.Id);
        }

        await submission.PublishAllAsync(host);
        await host.WaitForEndAsync(submission.Id);
        using var again = await EventReader.OpenAsync(host, submission.Id, lastEventId: 1);
        var missed = await again.RestAsync();

        Assert.Equal(2, missed[0].Id);
        Assert.Equal("completed", missed[^1].Name);
        using var late = await EventReader.OpenAsync(host, submission.Id, lastEventId: missed[^1].Id);
        Assert.Equal(HttpStatusCode.NoContent, late.Response.StatusCode);
    }

    [Fact]
    public async Task A_silent_stream_says_that_it_is_alive()
    {
        await using var host = await ResultHost.StartAsync(("Results:HeartbeatInterval", "00:00:00.1"));
        var submission = await Submission.CreateAsync(host);
        using var reader = await EventReader.OpenAsync(host, submission.Id);
        await reader.NextAsync();
        var next = reader.NextAsync();
        await Eventually.TrueAsync(() => reader.Comments >= 3, "three signs of life come");
        await host.Bus.Publish(submission.Failure());

        var end = await next;
        Assert.Equal(("failed", ErrorCodes.Corrupt), (end!.Name, end.Data.GetProperty("error").GetProperty("code").GetString()));
    }

    [Fact]
    public async Task An_analysis_that_only_the_history_remembers_says_once_how_it_ended()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.PublishAllAsync(host);
        var old = await host.WaitForEndAsync(submission.Id) with { Id = "an_old" };
        await host.History.SaveAsync("default", old, CancellationToken.None);

        using var reader = await EventReader.OpenAsync(host, "an_old");
        Assert.Equal("completed", Assert.Single(await reader.RestAsync()).Name);
        using var again = await EventReader.OpenAsync(host, "an_old", lastEventId: 1);
        Assert.Equal(HttpStatusCode.NoContent, again.Response.StatusCode);
        Assert.Equal(Verdict.Manipulated, (await host.GetAsync("an_old")).Verdict);
    }

    [Fact]
    public async Task An_unknown_analysis_is_not_found()
    {
        await using var host = await ResultHost.StartAsync();
        using var response = await host.Client.GetAsync("/v1/analyses/an_unknown/events");
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task An_open_stream_does_not_hold_up_the_end_of_the_process()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using var reader = await EventReader.OpenAsync(host, submission.Id);
        await reader.NextAsync();

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Null(await reader.NextAsync());
    }
}
