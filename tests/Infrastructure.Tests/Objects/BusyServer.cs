using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Deepfake.Infrastructure.Tests.Objects;

/// <summary>An S3 server that asks its first callers to slow down (503), and serves the later ones.</summary>
internal sealed class BusyServer : IDisposable
{
    private const string SlowDown = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>";
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _server;
    private int _refusals;

    /// <param name="server">The server behind it.</param>
    public BusyServer(Uri server)
    {
        _server = server;
        _listener.Start();
        _ = AcceptAsync();
    }

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Requests that are still to be refused.</summary>
    public int Refusals
    {
        get => Volatile.Read(ref _refusals);
        set => Volatile.Write(ref _refusals, value);
    }

    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ServeAsync(await _listener.AcceptTcpClientAsync(_stop.Token));
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException or ObjectDisposedException)
        {
            // Disposed.
        }
    }

    private async Task ServeAsync(TcpClient client)
    {
        using (client)
        {
            try
            {
                var stream = client.GetStream();
                while (await ReadRequestAsync(stream) is { } request)
                {
                    if (Interlocked.Decrement(ref _refusals) >= 0)
                    {
                        await stream.WriteAsync(Encoding.ASCII.GetBytes($"HTTP/1.1 503 Slow Down\r\nContent-Type: application/xml\r\nContent-Length: {SlowDown.Length}\r\n\r\n{SlowDown}"), _stop.Token);
                        continue;
                    }

                    Refusals = 0;
                    await PassOnAsync(stream, request);
                    return;
                }
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side is gone.
            }
        }
    }

    /// <summary>One request goes to the server, which closes the connection behind it: the next one comes by a new one, and is looked at again.</summary>
    private async Task PassOnAsync(NetworkStream client, byte[] request)
    {
        var line = request.AsSpan().IndexOf("\r\n"u8) + 2;
        using var server = new TcpClient();
        await server.ConnectAsync(_server.Host, _server.Port, _stop.Token);
        var upstream = server.GetStream();
        await upstream.WriteAsync(request.AsMemory(0, line), _stop.Token);
        await upstream.WriteAsync("Connection: close\r\n"u8.ToArray(), _stop.Token);
        await upstream.WriteAsync(request.AsMemory(line), _stop.Token);
        await upstream.CopyToAsync(client, _stop.Token);
    }

    /// <summary>Head and body of a request whose body has a length; null when the client has no more.</summary>
    private async Task<byte[]?> ReadRequestAsync(NetworkStream stream)
    {
        var request = new MemoryStream();
        var buffer = new byte[16 * 1024];
        var end = long.MaxValue;
        while (request.Length < end)
        {
            var read = await stream.ReadAsync(buffer, _stop.Token);
            if (read == 0) return null;
            request.Write(buffer, 0, read);
            if (end != long.MaxValue) continue;
            var text = Encoding.ASCII.GetString(request.GetBuffer(), 0, (int)request.Length);
            var head = text.IndexOf("\r\n\r\n", StringComparison.Ordinal);
            if (head < 0) continue;
            var length = text[..head].Split("\r\n").FirstOrDefault(line => line.StartsWith("Content-Length:", StringComparison.OrdinalIgnoreCase));
            end = head + 4 + (length is null ? 0 : long.Parse(length["Content-Length:".Length..], System.Globalization.CultureInfo.InvariantCulture));
        }

        return request.ToArray();
    }
}
