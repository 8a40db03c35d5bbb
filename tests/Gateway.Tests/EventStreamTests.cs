using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Gateway.Tests;

public sealed class EventStreamTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Events_pass_one_by_one_and_outlive_the_timeout_of_other_requests()
    {
        using var seen = new SemaphoreSlim(0);
        await using var results = await Backend.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 1; i <= 5; i++)
            {
                // Silence for longer than a request may take.
                if (i == 3) await Task.Delay(TimeSpan.FromSeconds(1.5));
                await context.Response.WriteAsync($"id: {i}\ndata: step {i}\n\n");
                await context.Response.Body.FlushAsync();
                await seen.WaitAsync(Deadline);
            }
        });
        await using var gateway = await GatewayHost.StartAsync(results, results, ("Gateway:RequestTimeout", "00:00:00.500"));

        using var response = await gateway.Client.GetAsync("/v1/analyses/an_1/events", HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        for (var i = 1; i <= 5; i++)
        {
            Assert.Equal($"id: {i}", await reader.ReadLineAsync().WaitAsync(Deadline));
            Assert.Equal($"data: step {i}", await reader.ReadLineAsync().WaitAsync(Deadline));
            Assert.Equal("", await reader.ReadLineAsync().WaitAsync(Deadline));
            seen.Release(); // only now does the service send the next one
        }

        Assert.Null(await reader.ReadLineAsync().WaitAsync(Deadline));
    }

    [Fact]
    public async Task A_socket_passes_in_both_directions_and_outlives_the_timeout_of_other_requests()
    {
        await using var results = await Backend.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await Task.Delay(TimeSpan.FromSeconds(1.5)); // longer than a request may take
            await socket.SendAsync("{\"sequence\":1}"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, context.RequestAborted);
            await socket.ReceiveAsync(new byte[10], context.RequestAborted);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "over", context.RequestAborted);
        });
        await using var gateway = await GatewayHost.StartAsync(results, results, ("Gateway:RequestTimeout", "00:00:00.500"));

        using var socket = new ClientWebSocket();
        var address = new UriBuilder(new Uri(gateway.Client.BaseAddress!, "/v1/analyses/an_1/ws?after=0")) { Scheme = "ws" };
        await socket.ConnectAsync(address.Uri, CancellationToken.None).WaitAsync(Deadline);
        var buffer = new byte[100];
        var message = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Deadline);
        Assert.Equal("{\"sequence\":1}", Encoding.UTF8.GetString(buffer, 0, message.Count));
        await socket.SendAsync("bye"u8.ToArray(), WebSocketMessageType.Text, endOfMessage: true, CancellationToken.None);
        await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Deadline);
        Assert.Equal((WebSocketCloseStatus.NormalClosure, "over"), (socket.CloseStatus, socket.CloseStatusDescription));
    }

    [Fact]
    public async Task A_reader_that_leaves_ends_the_stream_at_the_service()
    {
        var ended = new TaskCompletionSource();
        await using var results = await Backend.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.WriteAsync("data: 1\n\n");
            await context.Response.Body.FlushAsync();
            context.RequestAborted.Register(ended.SetResult);
            await ended.Task.WaitAsync(Deadline);
        });
        await using var gateway = await GatewayHost.StartAsync(results, results);

        var response = await gateway.Client.GetAsync("/v1/analyses/an_1/events", HttpCompletionOption.ResponseHeadersRead);
        response.Dispose();

        await ended.Task.WaitAsync(Deadline);
    }
}
