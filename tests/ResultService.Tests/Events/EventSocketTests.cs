using System.Net;
using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Events;

public sealed class EventSocketTests
{
    [Fact]
    public async Task A_socket_says_the_same_as_the_stream_and_closes_after_the_last_event()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using var socket = await OpenAsync(host, submission.Id);
        Assert.Equal((1, "progress", "accepted"), Head(await NextAsync(socket)));
        await submission.PublishAllAsync(host);

        var seen = new List<JsonElement>();
        while (await NextAsync(socket) is { } message) seen.Add(message);

        Assert.Equal((WebSocketCloseStatus.NormalClosure, "over"), (socket.CloseStatus, socket.CloseStatusDescription));
        Assert.Equal(Enumerable.Range(2, seen.Count).Select(i => (long)i), seen.Select(message => message.GetProperty("sequence").GetInt64()));
        Assert.Equal(("completed", "manipulated"), (seen[^1].GetProperty("event").GetString(), seen[^1].GetProperty("data").GetProperty("verdict").GetString()));
        using var stream = await EventReader.OpenAsync(host, submission.Id, lastEventId: 1);
        Assert.Equal(
            (await stream.RestAsync()).Select(happened => (happened.Id, happened.Name, happened.Data.GetProperty("percent").GetDouble())),
            seen.Select(message => (message.GetProperty("sequence").GetInt64(), message.GetProperty("event").GetString()!, message.GetProperty("data").GetProperty("percent").GetDouble())));
    }

    [Fact]
    public async Task A_socket_resumes_behind_a_number_and_has_nothing_to_say_after_the_last()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await host.Bus.Publish(submission.Failure());
        await host.WaitForEndAsync(submission.Id);

        using var resumed = await OpenAsync(host, submission.Id, "?after=1");
        Assert.Equal((2, "failed", "failed"), Head(await NextAsync(resumed)));
        Assert.Null(await NextAsync(resumed));
        using var late = await OpenAsync(host, submission.Id, "?after=2");
        Assert.Null(await NextAsync(late));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, late.CloseStatus);
    }

    [Fact]
    public async Task A_reader_that_leaves_or_talks_does_no_harm()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using (var gone = await OpenAsync(host, submission.Id))
        {
            await NextAsync(gone);
            gone.Abort();
        }

        using var polite = await OpenAsync(host, submission.Id);
        await NextAsync(polite);
        await polite.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", CancellationToken.None).WaitAsync(TimeSpan.FromSeconds(20));

        using var talker = await OpenAsync(host, submission.Id);
        await NextAsync(talker);
        for (var i = 0; i < 100; i++) await talker.SendAsync(new byte[4096], WebSocketMessageType.Binary, endOfMessage: i % 2 == 0, CancellationToken.None);
        await host.Bus.Publish(submission.Failure());
        Assert.Equal("failed", Head(await NextAsync(talker)).Name);
    }

    [Fact]
    public async Task A_silent_socket_pings_and_notices_a_reader_that_is_gone()
    {
        await using var host = await ResultHost.StartAsync(("Results:HeartbeatInterval", "00:00:05"));
        var submission = await Submission.CreateAsync(host);
        using var socket = await OpenAsync(host, submission.Id);
        await NextAsync(socket);
        // Answers pings while it waits: long enough for two, each with time for an answer from a busy machine.
        var next = NextAsync(socket);
        await Task.WhenAny(next, Task.Delay(TimeSpan.FromSeconds(11)));
        Assert.False(next.IsCompleted);
        await host.Bus.Publish(submission.Failure());
        Assert.Equal("failed", Head(await next).Name);
    }

    [Fact]
    public async Task Refusals_are_problems_with_codes()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using var plain = await host.Client.GetAsync($"/v1/analyses/{submission.Id}/ws");
        await ResultHost.AssertProblemAsync(plain, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
        using var wrong = await host.Client.GetAsync($"/v1/analyses/{submission.Id}/ws?after=-1");
        await ResultHost.AssertProblemAsync(wrong, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
        using var unknown = await host.Client.GetAsync("/v1/analyses/an_unknown/ws");
        await ResultHost.AssertProblemAsync(unknown, HttpStatusCode.NotFound, ErrorCodes.NotFound);
        await Assert.ThrowsAsync<WebSocketException>(() => OpenAsync(host, "an_unknown"));
    }

    [Fact]
    public async Task An_open_socket_does_not_hold_up_the_end_of_the_process()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using var socket = await OpenAsync(host, submission.Id);
        await NextAsync(socket);
        var next = NextAsync(socket);

        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));

        Assert.Null(await next);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, socket.CloseStatus);
    }

    private static async Task<ClientWebSocket> OpenAsync(ResultHost host, string id, string query = "")
    {
        var socket = new ClientWebSocket();
        var address = new UriBuilder(new Uri(host.Client.BaseAddress!, $"/v1/analyses/{id}/ws{query}")) { Scheme = "ws" };
        await socket.ConnectAsync(address.Uri, CancellationToken.None);
        return socket;
    }

    private static async Task<JsonElement?> NextAsync(ClientWebSocket socket)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var buffer = new byte[8192];
        var message = await socket.ReceiveAsync(buffer.AsMemory(), deadline.Token);
        if (message.MessageType == WebSocketMessageType.Close) return null;
        Assert.True(message.EndOfMessage);
        return JsonSerializer.Deserialize<JsonElement>(Encoding.UTF8.GetString(buffer, 0, message.Count));
    }

    private static (long Sequence, string Name, string Status) Head(JsonElement? message) =>
        (message!.Value.GetProperty("sequence").GetInt64(), message.Value.GetProperty("event").GetString()!, message.Value.GetProperty("data").GetProperty("status").GetString()!);
}
