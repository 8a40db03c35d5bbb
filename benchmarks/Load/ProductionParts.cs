using Deepfake.Infrastructure.Objects;
using Deepfake.TestServers;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Benchmarks.Load;

/// <summary>Gateway, IngestService and ResultService over RabbitMQ, Redis, PostgreSQL and an S3 server, on this machine. The queues are there, the workers are not.</summary>
internal sealed class ProductionParts : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts = [];

    /// <summary>The public door.</summary>
    public ProductHost Gateway { get; private set; } = null!;

    /// <summary>What takes files in behind it.</summary>
    public ProductHost Ingest { get; private set; } = null!;

    /// <summary>The object store that the services use, asked directly.</summary>
    public S3ObjectStore Objects { get; private set; } = null!;

    public static async Task<ProductionParts> StartAsync()
    {
        var parts = new ProductionParts();
        try
        {
            await parts.StartPartsAsync();
            return parts;
        }
        catch
        {
            await parts.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        Objects?.Dispose();
        foreach (var part in Enumerable.Reverse(_parts)) await part.DisposeAsync();
    }

    private async Task StartPartsAsync()
    {
        var broker = Keep(await RabbitMqServer.StartAsync());
        var redis = Keep(await RedisServer.StartAsync());
        var postgres = Keep(await PostgresServer.StartAsync());
        var s3 = Keep(await S3Server.StartAsync());
        var key = (await ServerProcess.RunAsync(["dotnet", Path.Combine(AppContext.BaseDirectory, "Deepfake.Gateway.dll"), "key"], AppContext.BaseDirectory)).Trim();
        var blobs = $"{s3.ConnectionString};Bucket=deepfake";
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__messaging"] = broker.ConnectionString,
            ["ConnectionStrings__cache"] = redis.ConnectionString,
            ["ConnectionStrings__history"] = await PostgresServer.CreateDatabaseAsync(postgres.ConnectionString),
            ["ConnectionStrings__blobs"] = blobs,
            ["Identity__InternalSecret"] = "known to gateway and services only",
            ["Identity__BootstrapKey"] = key,
            ["Limits__Key__RequestsPerSecond"] = "0",
            ["Ingest__BacklogLimit"] = "1000000",
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
        };
        // Queues are made by those who read them; one that has left leaves them behind.
        foreach (var worker in new[] { "FrameService", "ForensicsWorker", "InferenceWorker" })
        {
            await using var once = await ProductHost.StartAsync($"Deepfake.{worker}", environment, null);
        }

        Ingest = Keep(await ProductHost.StartAsync("Deepfake.IngestService", environment, null));
        var results = Keep(await ProductHost.StartAsync("Deepfake.ResultService", environment, null));
        Gateway = Keep(await ProductHost.StartAsync(
            "Deepfake.Gateway", environment, key, $"--services:ingest-service:http:0={Ingest.Address}", $"--services:result-service:http:0={results.Address}"));
        Objects = new S3ObjectStore(S3ConnectionString.Parse(blobs), TimeProvider.System, NullLogger<S3ObjectStore>.Instance);
    }

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
