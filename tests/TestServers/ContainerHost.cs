using DotNet.Testcontainers.Builders;
using Testcontainers.PostgreSql;
using Testcontainers.RabbitMq;
using Testcontainers.Redis;

namespace Deepfake.TestServers;

/// <summary>
/// Servers in containers, from the images that the AppHost takes too. The S3 API stays with Ceph's processes where Ceph is installed: the
/// object store's contract is proven on it.
/// </summary>
internal sealed class ContainerHost : IServerHost
{
    private const string RabbitMq = "rabbitmq:4.3-management";
    private const string Redis = "redis:8.6";
    private const string Postgres = "postgres:18.3";
    private const string SeaweedFs = "chrislusf/seaweedfs:4.47";

    /// <summary>Fetches what is missing, and starts one container to see that the engine can.</summary>
    /// <exception cref="Exception">The engine cannot; the message says why.</exception>
    public async Task TryAsync()
    {
        foreach (var image in new[] { RabbitMq, Redis, Postgres }) await ContainerEngine.EnsureImageAsync(Named(image));
        if (!CephProcess.IsInstalled) await ContainerEngine.EnsureImageAsync(Named(SeaweedFs));
        await using var server = await StartRedisAsync();
    }

    /// <inheritdoc/>
    public async Task<IRestartableServer> StartRabbitMqAsync()
    {
        var port = Ports.Free();
        return await ContainerServer.StartAsync(
            new RabbitMqBuilder(RabbitMq).WithPortBinding(port, RabbitMqBuilder.RabbitMqPort).Build(),
            host => $"amqp://{RabbitMqBuilder.DefaultUsername}:{RabbitMqBuilder.DefaultPassword}@{host}:{port}",
            (host, cancellation) => Probes.AmqpAsync(host, port, cancellation));
    }

    /// <inheritdoc/>
    public async Task<IRestartableServer> StartRedisAsync()
    {
        var port = Ports.Free();
        return await ContainerServer.StartAsync(
            new RedisBuilder(Redis).WithPortBinding(port, RedisBuilder.RedisPort)
                .WithCommand("--save", "", "--appendonly", "yes", "--appendfsync", "always", "--databases", "64").Build(),
            host => $"{host}:{port}",
            (host, cancellation) => Probes.RedisAsync(host, port, cancellation));
    }

    /// <inheritdoc/>
    public async Task<IRestartableServer> StartPostgresAsync()
    {
        var port = Ports.Free();
        return await ContainerServer.StartAsync(
            // The library asks for commits that are lost when the server is killed.
            new PostgreSqlBuilder(Postgres).WithPortBinding(port, PostgreSqlBuilder.PostgreSqlPort).WithCommand("-c", "synchronous_commit=on", "-c", "max_connections=500").Build(),
            ConnectionString,
            (host, cancellation) => Probes.PostgresAsync(ConnectionString(host), cancellation));

        string ConnectionString(string host) => $"Host={host};Port={port};Username={PostgreSqlBuilder.DefaultUsername};Password={PostgreSqlBuilder.DefaultPassword};Database={PostgreSqlBuilder.DefaultDatabase}";
    }

    /// <inheritdoc/>
    public async Task<ITestServer> StartS3Async()
    {
        if (CephProcess.IsInstalled) return await CephProcess.StartAsync();
        const int InnerPort = 8333;
        var port = Ports.Free();
        return await ContainerServer.StartAsync(
            new ContainerBuilder(SeaweedFs).WithPortBinding(port, InnerPort)
                .WithCommand("mini", "-dir=/data", "-ip=127.0.0.1", "-ip.bind=0.0.0.0", "-webdav=false", "-master.telemetry=false")
                .WithEnvironment("AWS_ACCESS_KEY_ID", "test-access-key").WithEnvironment("AWS_SECRET_ACCESS_KEY", "test-secret-key").Build(),
            host => $"Endpoint=http://{host}:{port};AccessKey=test-access-key;SecretKey=test-secret-key",
            (host, cancellation) => Probes.HttpAsync(new Uri($"http://{host}:{port}/healthz"), cancellation));
    }

    /// <summary>The image as the library asks for it: a mirror may stand in front of the public registry.</summary>
    private static string Named(string image) =>
        DotNet.Testcontainers.Configurations.TestcontainersSettings.HubImageNamePrefix is { Length: > 0 } prefix ? $"{prefix.TrimEnd('/')}/{image}" : image;
}
