using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Deepfake.TestServers;

/// <summary>Ports on the loopback interface.</summary>
public static class Ports
{
    // Below the ports that the system gives to connections, so that no connection takes one between the choice and the server's start.
    private const int First = 20_000, Count = 12_000;

    private static readonly string Claims = Directory.CreateDirectory(Path.Combine(Path.GetTempPath(), "deepfake-test-ports")).FullName;
    private static readonly List<FileStream> Held = [];

    /// <summary>Free ports, all different, that no other test process of this machine is given as long as this one runs.</summary>
    public static int[] Free(int count) => [.. Enumerable.Range(0, count).Select(_ => Free())];

    /// <summary>A free port that no other test process of this machine is given as long as this one runs.</summary>
    public static int Free()
    {
        var at = Random.Shared.Next(Count);
        for (var tried = 0; tried < Count; tried++, at = (at + 1) % Count)
        {
            if (TryClaim(First + at)) return First + at;
        }

        throw new IOException($"No port of {First} to {First + Count - 1} is free.");
    }

    private static bool TryClaim(int port)
    {
        FileStream claim;
        try
        {
            // The system takes the lock back when the process ends, however it ends.
            claim = new FileStream(Path.Combine(Claims, port.ToString(CultureInfo.InvariantCulture)), FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
        }
        catch (IOException)
        {
            return false;
        }

        try
        {
            using var listener = new TcpListener(IPAddress.Loopback, port);
            listener.Start();
        }
        catch (SocketException)
        {
            claim.Dispose();
            return false;
        }

        lock (Held) Held.Add(claim);
        return true;
    }

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
