using Npgsql;

namespace Deepfake.TestServers;

/// <summary>A PostgreSQL of one's own that keeps its data over a restart.</summary>
public sealed class PostgresServer : RestartableServer
{
    private PostgresServer(IRestartableServer server)
        : base(server)
    {
    }

    /// <summary>Starts a server with an empty cluster and waits until it answers.</summary>
    public static async Task<PostgresServer> StartAsync() => new(await (await ServerHosts.CurrentAsync()).StartPostgresAsync());

    /// <summary>Creates an empty database on any server.</summary>
    /// <returns>Connection string to it.</returns>
    public static async Task<string> CreateDatabaseAsync(string connectionString)
    {
        var name = "test_" + Guid.NewGuid().ToString("n");
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = connection.CreateCommand();
#pragma warning disable CA2100 // the name is ours
        command.CommandText = $"CREATE DATABASE {name}";
#pragma warning restore CA2100
        await command.ExecuteNonQueryAsync();
        return new NpgsqlConnectionStringBuilder(connectionString) { Database = name }.ConnectionString;
    }
}
