using System.Net;
using System.Net.Sockets;

namespace Deepfake.TestServers;

/// <summary>A TCP proxy that breaks connections off: the first one that carries so many bytes to the server as the first cut says, and so on.</summary>
public sealed class CuttingProxy : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly Uri _target;
    private readonly Queue<long> _cuts;
    private readonly CancellationTokenSource _stop = new();

    /// <summary>Starts to listen.</summary>
    /// <param name="target">The server.</param>
    /// <param name="cuts">Bytes after which a connection is broken off, in order; afterwards none is.</param>
    public CuttingProxy(Uri target, params long[] cuts)
    {
        (_target, _cuts) = (target, new Queue<long>(cuts));
        _listener.Start();
        _ = AcceptAsync();
    }

    /// <summary>Where it listens.</summary>
    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    /// <summary>Cuts that were not made yet.</summary>
    public int Left
    {
        get { lock (_cuts) return _cuts.Count; }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stop.Cancel();
        _listener.Dispose();
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
        using var server = new TcpClient();
        using (client)
        {
            try
            {
                await server.ConnectAsync(_target.Host, _target.Port, _stop.Token);
                var answers = server.GetStream().CopyToAsync(client.GetStream(), _stop.Token);
                await ForwardAsync(client.GetStream(), server.GetStream());
                client.Client.LingerState = server.Client.LingerState = new LingerOption(true, 0); // a reset, as when a cable is pulled
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One side is gone.
            }
        }
    }

    /// <summary>Returns when the connection is to be cut, or the client has sent everything.</summary>
    private async Task ForwardAsync(NetworkStream from, NetworkStream to)
    {
        var buffer = new byte[16 * 1024];
        long count = 0;
        for (int read; (read = await from.ReadAsync(buffer, _stop.Token)) > 0;)
        {
            await to.WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            count += read;
            lock (_cuts)
            {
                if (!_cuts.TryPeek(out var cut) || count < cut) continue;
                _cuts.Dequeue();
                return;
            }
        }
    }
}
