using System.Globalization;
using System.Net.WebSockets;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Api;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Events;

/// <summary>
/// <c>GET /v1/analyses/{id}/ws</c>: the events as WebSocket messages (RFC 6455), one JSON text each, resumable by <c>?after=</c>. Pings keep
/// it alive; it closes with 1000 after the last event, and with 1001 when this instance leaves. What a client sends is not read.
/// </summary>
internal static class EventSocket
{
    private static readonly TimeSpan Farewell = TimeSpan.FromSeconds(2);

    public static async Task<IResult> ServeAsync(
        string id, HttpContext http, AnalysisFeed feed, IOptions<ResultOptions> options, IHostApplicationLifetime lifetime, string? after = null)
    {
        var last = 0L;
        if (!string.IsNullOrEmpty(after) && !long.TryParse(after, NumberStyles.None, CultureInfo.InvariantCulture, out last))
            return Problem.Answer(ErrorCodes.InvalidRequest, "'after' must be the number of an event.");
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, lifetime.ApplicationStopping);
        if (await feed.OpenAsync(http.GetCaller().Tenant, id, last, stop.Token) is not { } open) return AnalysisEndpoints.NotFound();
        if (!http.WebSockets.IsWebSocketRequest) return Problem.Answer(ErrorCodes.InvalidRequest, "This address speaks WebSocket; '/events' beside it sends the same over HTTP.");

        var heartbeat = options.Value.HeartbeatInterval;
        using var socket = await http.WebSockets.AcceptWebSocketAsync(new WebSocketAcceptContext { KeepAliveInterval = heartbeat, KeepAliveTimeout = heartbeat });
        var listening = ListenAsync(socket, stop);
        var (status, reason) = (WebSocketCloseStatus.NormalClosure, "over");
        try
        {
            await foreach (var happened in open.Events.WithCancellation(stop.Token))
                await socket.SendAsync(Message(happened), WebSocketMessageType.Text, WebSocketMessageFlags.EndOfMessage, stop.Token);
        }
        catch (OperationCanceledException) when (lifetime.ApplicationStopping.IsCancellationRequested)
        {
            (status, reason) = (WebSocketCloseStatus.EndpointUnavailable, "restart");
        }
        catch (Exception e) when (e is OperationCanceledException or WebSocketException)
        {
            // The reader left.
        }

        await CloseAsync(socket, status, reason, listening);
        await listening;
        return TypedResults.Empty;
    }

    // Reads so that pings are answered and the end is seen.
    private static async Task ListenAsync(WebSocket socket, CancellationTokenSource stop)
    {
        var buffer = new byte[512];
        try
        {
            while ((await socket.ReceiveAsync(buffer.AsMemory(), CancellationToken.None)).MessageType != WebSocketMessageType.Close)
            {
                // Nothing that a reader says matters.
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The connection is gone.
        }

        await stop.CancelAsync();
    }

    private static async Task CloseAsync(WebSocket socket, WebSocketCloseStatus status, string reason, Task listening)
    {
        using var timeout = new CancellationTokenSource(Farewell);
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived) await socket.CloseOutputAsync(status, reason, timeout.Token);
            await listening.WaitAsync(timeout.Token); // until the client has said goodbye as well
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            socket.Abort(); // one that does not is not waited for
        }
    }

    private static byte[] Message(FeedEvent happened) =>
        JsonSerializer.SerializeToUtf8Bytes(new SocketMessage(happened.Sequence, happened.Name, happened.Data), DeepfakeJson.Options);

    private sealed record SocketMessage(long Sequence, string Event, EventData Data);
}
