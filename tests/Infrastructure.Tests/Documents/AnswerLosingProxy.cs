using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Npgsql;

namespace Deepfake.Infrastructure.Tests.Documents;

/// <summary>Stands before PostgreSQL, and cuts the connection when the answer to a certain statement comes back: it was run, but nobody hears of it.</summary>
internal sealed class AnswerLosingProxy : IAsyncDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentBag<Task> _pumps = [];
    private readonly NpgsqlConnectionStringBuilder _server;
    private readonly Task _accepting;
    private volatile string? _loseAfter;
    private int _lost;

    public AnswerLosingProxy(string connectionString)
    {
        _server = new NpgsqlConnectionStringBuilder(connectionString);
        _listener.Start();
        ConnectionString = new NpgsqlConnectionStringBuilder(connectionString)
        {
            Host = "127.0.0.1",
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port,
            SslMode = SslMode.Disable,
        }.ConnectionString;
        _accepting = AcceptAsync();
    }

    public string ConnectionString { get; }

    /// <summary>Answers lost so far.</summary>
    public int Lost => _lost;

    /// <summary>Loses the answer to the next statement that begins like this.</summary>
    public void LoseNext(string statement) => _loseAfter = statement;

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _listener.Stop();
        await _accepting;
        await Task.WhenAll(_pumps);
        _stop.Dispose();
    }

    private async Task AcceptAsync()
    {
        try
        {
            while (true)
            {
                var client = await _listener.AcceptTcpClientAsync(_stop.Token);
                var server = new TcpClient();
                await server.ConnectAsync(_server.Host!, _server.Port, _stop.Token);
                _pumps.Add(ServeAsync(client, server));
            }
        }
        catch (Exception e) when (e is OperationCanceledException or SocketException)
        {
            // Over.
        }
    }

    private async Task ServeAsync(TcpClient client, TcpClient server)
    {
        using (client)
        using (server)
        {
            var armed = false;
            var up = PumpAsync(client, server, sent =>
            {
                if (_loseAfter is { } statement && Encoding.UTF8.GetString(sent).Contains(statement, StringComparison.Ordinal)) (_loseAfter, armed) = (null, true);
                return true;
            });
            var down = PumpAsync(server, client, _ =>
            {
                if (!armed) return true;
                Interlocked.Increment(ref _lost);
                return false;
            });
            await Task.WhenAny(up, down);
            client.Close();
            server.Close();
            await Task.WhenAll(up, down);
        }
    }

    private async Task PumpAsync(TcpClient from, TcpClient to, Func<byte[], bool> passes)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            for (int read; (read = await from.GetStream().ReadAsync(buffer, _stop.Token)) > 0;)
            {
                if (!passes(buffer[..read])) return;
                await to.GetStream().WriteAsync(buffer.AsMemory(0, read), _stop.Token);
            }
        }
        catch (Exception e) when (e is IOException or SocketException or ObjectDisposedException or OperationCanceledException or InvalidOperationException)
        {
            // One side is gone.
        }
    }
}
