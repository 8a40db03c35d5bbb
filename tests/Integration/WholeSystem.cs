using Deepfake.TestServers;

namespace Deepfake.Integration;

/// <summary>Four servers, six services, two of each worker, a trace collector: the product as it runs in production, on one machine.</summary>
internal sealed class WholeSystem : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly TemporaryFolder _folder = new();

    public RabbitMqServer Broker { get; private set; } = null!;

    public string Blobs { get; private set; } = null!;

    public TraceCollector Traces { get; private set; } = null!;

    /// <summary>Signs notices to <see cref="Receiver"/>.</summary>
    public const string WebhookSecret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    /// <summary>Somebody who wants to be told.</summary>
    public OfficialReceiver Receiver { get; private set; } = null!;

    public Host Gateway { get; private set; } = null!;

    /// <summary>A key that may do everything.</summary>
    public string Key { get; private set; } = null!;

    /// <summary>The models folder that all services look into: a copy.</summary>
    public string Models { get; private set; } = null!;

    /// <summary>Two of each worker kind.</summary>
    public IReadOnlyList<Host> FrameServices { get; private set; } = [];

    public IReadOnlyList<Host> InferenceWorkers { get; private set; } = [];

    public IReadOnlyList<Host> ForensicsWorkers { get; private set; } = [];

    /// <summary>What every service printed last, for a failing test.</summary>
    public string Output => string.Join('\n', _parts.OfType<Host>().Select(host => host.Output));

    /// <summary>As <c>ConnectionStrings:cache</c>.</summary>
    public string Cache { get; private set; } = null!;

    /// <summary>As <c>ConnectionStrings:history</c>.</summary>
    public string History { get; private set; } = null!;

    /// <summary>Every service of every kind.</summary>
    public IEnumerable<Host> Services => _parts.OfType<Host>();

    /// <summary>Starts all of it.</summary>
    /// <param name="settings">More settings of all services, as environment variables.</param>
    public static async Task<WholeSystem> StartAsync(params (string Name, string Value)[] settings)
    {
        var system = new WholeSystem();
        try
        {
            await system.StartPartsAsync(settings);
            return system;
        }
        catch
        {
            await system.DisposeAsync();
            throw;
        }
    }

    public async ValueTask DisposeAsync()
    {
        // Services before the servers they use, and all at once: each takes its time to drain.
        await Task.WhenAll(_parts.OfType<Host>().Select(host => host.DisposeAsync().AsTask()));
        foreach (var part in Enumerable.Reverse(_parts).Where(part => part is not Host)) await part.DisposeAsync();
        _folder.Dispose();
    }

    private async Task StartPartsAsync((string Name, string Value)[] settings)
    {
        Traces = Keep(await TraceCollector.StartAsync());
        Broker = Keep(await RabbitMqServer.StartAsync());
        var redis = Keep(await RedisServer.StartAsync());
        var postgres = Keep(await PostgresServer.StartAsync());
        var s3 = Keep(await S3Server.StartAsync());
        Receiver = Keep(await OfficialReceiver.StartAsync(WebhookSecret));
        Key = await Host.NewKeyAsync();
        Models = CopyOfModels.Make(Repository.Root, _folder.Path);
        Cache = redis.ConnectionString;
        History = await PostgresServer.CreateDatabaseAsync(postgres.ConnectionString);
        Blobs = $"{s3.ConnectionString};Bucket=deepfake";
        var environment = new Dictionary<string, string>
        {
            ["ConnectionStrings__messaging"] = Broker.ConnectionString,
            ["ConnectionStrings__cache"] = Cache,
            ["ConnectionStrings__history"] = History,
            ["ConnectionStrings__blobs"] = Blobs,
            ["Identity__InternalSecret"] = "known to gateway and services only",
            ["Identity__BootstrapKey"] = Key,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = Traces.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
            ["Bus__RedeliverySeconds__0"] = "1",
            ["Bus__RedeliverySeconds__1"] = "2",
            ["Bus__RedeliverySeconds__2"] = "5",
            ["Ingest__SweepAge"] = "00:00:03",
            ["Ingest__SweepInterval"] = "00:00:01",
            ["Results__JanitorInterval"] = "00:00:05",
            ["Outbound__AllowedNetworks"] = "127.0.0.1/32",
            ["MODEL_PATH"] = Models,
            ["Models__WatchSeconds"] = "1",
            ["Webhooks__PollInterval"] = "00:00:00.2",
            // Whatever hangs ends as failed in time for the test to say so.
            ["Ingest__InteractiveDeadline"] = "00:06:00",
        };
        foreach (var (name, value) in settings) environment[name] = value;
        for (var i = 0; i < OfficialReceiver.Failures; i++) environment[$"Webhooks__RetryDelays__{i}"] = "00:00:00.1";

        var ingest = Keep(await Host.StartAsync("IngestService", environment));
        var results = Keep(await Host.StartAsync("ResultService", environment));
        FrameServices = await PoolAsync("FrameService", environment);
        InferenceWorkers = await PoolAsync("InferenceWorker", environment);
        ForensicsWorkers = await PoolAsync("ForensicsWorker", environment);
        // As arguments: the shell that guards the child drops variables whose names have a hyphen.
        Gateway = Keep(await Host.StartAsync(
            "Gateway", environment, $"--services:ingest-service:http:0={ingest.Address}", $"--services:result-service:http:0={results.Address}",
            $"--services:inference-worker:http:0={InferenceWorkers[0].Address}", $"--services:inference-worker:http:1={InferenceWorkers[1].Address}"));
    }

    private async Task<IReadOnlyList<Host>> PoolAsync(string project, IReadOnlyDictionary<string, string> environment) =>
        [Keep(await Host.StartAsync(project, environment)), Keep(await Host.StartAsync(project, environment))];

    private T Keep<T>(T part)
        where T : IAsyncDisposable
    {
        _parts.Add(part);
        return part;
    }
}
