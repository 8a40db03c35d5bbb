using System.Text;
using Npgsql;

namespace Deepfake.TestServers;

/// <summary>Whether a server answers in its own protocol: a port that is open is not enough.</summary>
internal static class Probes
{
    public static async Task<bool> RedisAsync(string host, int port, CancellationToken cancellationToken) =>
        Encoding.ASCII.GetString(await Ports.AskAsync(host, port, "PING\r\n"u8.ToArray(), cancellationToken)).StartsWith("+PONG", StringComparison.Ordinal);

    public static async Task<bool> AmqpAsync(string host, int port, CancellationToken cancellationToken)
    {
        // A method frame on channel 0 (Connection.Start) answers the protocol header.
        var answer = await Ports.AskAsync(host, port, new byte[] { (byte)'A', (byte)'M', (byte)'Q', (byte)'P', 0, 0, 9, 1 }, cancellationToken);
        return answer is [1, 0, 0, ..];
    }

    public static async Task<bool> PostgresAsync(string connectionString, CancellationToken cancellationToken)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString + ";Pooling=false");
            await connection.OpenAsync(cancellationToken);
            return true;
        }
        catch (NpgsqlException)
        {
            return false;
        }
    }

    public static async Task<bool> HttpAsync(Uri address, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        using var answer = await http.GetAsync(address, cancellationToken);
        return answer.IsSuccessStatusCode;
    }
}
