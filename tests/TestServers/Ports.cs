using System.Net;
using System.Net.Sockets;

namespace Deepfake.TestServers;

/// <summary>Ports on the loopback interface.</summary>
public static class Ports
{
    /// <summary>Ports that were free a moment ago, all different.</summary>
    public static int[] Free(int count)
    {
        var listeners = Enumerable.Range(0, count).Select(_ => new TcpListener(IPAddress.Loopback, 0)).ToList();
        foreach (var listener in listeners) listener.Start();
        int[] ports = [.. listeners.Select(listener => ((IPEndPoint)listener.LocalEndpoint).Port)];
        foreach (var listener in listeners) listener.Stop();
        return ports;
    }

    /// <summary>A port that was free a moment ago.</summary>
    public static int Free() => Free(1)[0];

    /// <summary>Sends bytes and reads up to 64 bytes of the answer.</summary>
    internal static async Task<byte[]> AskAsync(string host, int port, ReadOnlyMemory<byte> question, CancellationToken cancellationToken)
    {
        using var client = new TcpClient();
        await client.ConnectAsync(host, port, cancellationToken);
        var stream = client.GetStream();
        await stream.WriteAsync(question, cancellationToken);
        var answer = new byte[64];
        var length = await stream.ReadAsync(answer, cancellationToken);
        return answer[..length];
    }
}
