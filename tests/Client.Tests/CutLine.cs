using System.Net;
using System.Net.Sockets;

namespace Deepfake.Client.Tests;

/// <summary>A line to a server that is cut a few times, each time after so many bytes have gone up.</summary>
internal sealed class CutLine : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly Uri _target;
    private readonly int _bytes;
    private int _cutsLeft;

    private CutLine(Uri target, int cuts, int bytes) => (_target, _cutsLeft, _bytes) = (target, cuts, bytes);

    public Uri Address => new($"http://127.0.0.1:{((IPEndPoint)_listener.LocalEndpoint).Port}");

    public int CutsLeft => Volatile.Read(ref _cutsLeft);

    public static CutLine To(Uri target, int cuts, int bytes)
    {
        var line = new CutLine(target, cuts, bytes);
        line._listener.Start();
        _ = line.AcceptAsync();
        return line;
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Dispose();
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true) _ = ForwardAsync(await _listener.AcceptTcpClientAsync(_stop.Token), _stop.Token);
        }
        catch (Exception e) when (e is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The test is over.
        }
    }

    private async Task ForwardAsync(TcpClient client, CancellationToken cancellationToken)
    {
        using (client)
        using (var server = new TcpClient())
        {
            try
            {
                await server.ConnectAsync(_target.Host, _target.Port, cancellationToken);
                var down = server.GetStream().CopyToAsync(client.GetStream(), cancellationToken);
                var buffer = new byte[4096];
                var room = _bytes;
                for (int read; (read = await client.GetStream().ReadAsync(buffer, cancellationToken)) > 0;)
                {
                    await server.GetStream().WriteAsync(buffer.AsMemory(0, read), cancellationToken);
                    room -= read;
                    if (room > 0) continue;
                    if (Interlocked.Decrement(ref _cutsLeft) >= 0) return;
                    Interlocked.Exchange(ref _cutsLeft, 0);
                    room = int.MaxValue;
                }

                server.Client.Shutdown(SocketShutdown.Send);
                await down;
            }
            catch (Exception e) when (e is IOException or SocketException or OperationCanceledException or ObjectDisposedException)
            {
                // One end is gone, and with it the other.
            }
        }
    }
}
