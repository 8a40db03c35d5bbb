using System.Globalization;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.LoadBalancing;

namespace Deepfake.Gateway.Proxying;

/// <summary>Which request goes to which service, and how long it may take.</summary>
internal static class ProxyTable
{
    private const string Ingest = "ingest-service";
    private const string Results = "result-service";
    private const string Events = "result-service-events";
    private const string Inference = "inference-worker";

    /// <summary>The proxy's name for the default policy: whoever is a caller.</summary>
    private const string Callers = "default";

    private static readonly string[] Schemes = ["http", "https"];

    /// <summary>
    /// Above the services' own margin: they answer with a reason, this limit only ends what does not stop. Bodies that say at once that
    /// they are larger are refused before they are forwarded.
    /// </summary>
    public const long BodyMargin = 32L * 1024 * 1024;

    /// <summary>An idle event stream is not cut; the proxy wants a number for never.</summary>
    private static readonly TimeSpan Never = TimeSpan.FromDays(7);

    /// <summary>Routes, all of them for callers: services ask for scopes; that there is a caller at all is seen to before a body crosses the network.</summary>
    public static IReadOnlyList<RouteConfig> Routes(GatewayOptions options, IConfiguration configuration) =>
        [.. Table(options, configuration).Select(route => route with { AuthorizationPolicy = Callers })];

    private static IEnumerable<RouteConfig> Table(GatewayOptions options, IConfiguration configuration) =>
    [
        // Workers take their work from the bus; that they can be called at all is for the model registry, and optional.
        .. HasInference(configuration)
            ? (RouteConfig[])[new() { RouteId = "models", ClusterId = Inference, Match = new RouteMatch { Path = "/v1/models/{**rest}" }, Timeout = options.UploadTimeout }]
            : [],
        new()
        {
            RouteId = "submit", ClusterId = Ingest, Match = new RouteMatch { Path = "/v1/analyses", Methods = ["POST"] },
            MaxRequestBodySize = options.MaxUploadBytes + BodyMargin, Timeout = options.UploadTimeout,
        },
        new()
        {
            RouteId = "uploads", ClusterId = Ingest, Match = new RouteMatch { Path = "/v1/uploads/{**rest}" },
            MaxRequestBodySize = options.MaxUploadBytes + BodyMargin, Timeout = options.UploadTimeout,
        },
        new()
        {
            RouteId = "submit-batch", ClusterId = Ingest, Match = new RouteMatch { Path = "/v1/batches", Methods = ["POST"] },
            MaxRequestBodySize = options.MaxBatchBytes + BodyMargin, Timeout = options.UploadTimeout,
        },
        new() { RouteId = "batches", ClusterId = Ingest, Match = new RouteMatch { Path = "/v1/batches/{**rest}" }, Timeout = options.RequestTimeout },
        .. OldRoutes(options),
        new() { RouteId = "events", ClusterId = Events, Match = new RouteMatch { Path = "/v1/analyses/{id}/events", Methods = ["GET"] } },
        new() { RouteId = "events-socket", ClusterId = Events, Match = new RouteMatch { Path = "/v1/analyses/{id}/ws" } },
        new() { RouteId = "export-analyses", ClusterId = Events, Match = new RouteMatch { Path = "/v1/analyses.csv", Methods = ["GET"] } },
        new() { RouteId = "export-truth", ClusterId = Events, Match = new RouteMatch { Path = "/v1/ground-truth", Methods = ["GET"] } },
        new() { RouteId = "results", ClusterId = Results, Match = new RouteMatch { Path = "/v1/{**rest}" }, Timeout = options.RequestTimeout },
    ];

    /// <summary>Addresses of the earlier systems: an upload, and the wait for its result.</summary>
    private static IEnumerable<RouteConfig> OldRoutes(GatewayOptions options)
    {
        foreach (var path in (string[])["/api/analyze", "/predict", "/predict/image", "/predict/video", "/upload"])
        {
            yield return new RouteConfig
            {
                RouteId = $"old {path}",
                ClusterId = Ingest,
                Match = new RouteMatch { Path = path, Methods = ["POST"] },
                MaxRequestBodySize = options.MaxUploadBytes + BodyMargin,
                Timeout = options.UploadTimeout,
            };
        }

        yield return new RouteConfig
        {
            RouteId = "old batch",
            ClusterId = Ingest,
            Match = new RouteMatch { Path = "/predict/batch", Methods = ["POST"] },
            MaxRequestBodySize = options.MaxBatchBytes + BodyMargin,
            Timeout = options.UploadTimeout,
        };
        foreach (var path in (string[])["/api/models/info", "/api/stats", "/model-info", "/info"])
            yield return new RouteConfig { RouteId = $"old {path}", ClusterId = Ingest, Match = new RouteMatch { Path = path, Methods = ["GET"] }, Timeout = options.RequestTimeout };
    }

    public static IReadOnlyList<ClusterConfig> Clusters(GatewayOptions options, IConfiguration configuration) =>
    [
        // Storing the last part may keep an upload silent for a while after its last byte.
        Cluster(Ingest, Ingest, TimeSpan.FromMinutes(2), options, configuration),
        Cluster(Results, Results, options.RequestTimeout, options, configuration),
        Cluster(Events, Results, Never, options, configuration),
        .. HasInference(configuration) ? (ClusterConfig[])[Cluster(Inference, Inference, options.UploadTimeout, options, configuration)] : [],
    ];

    private static bool HasInference(IConfiguration configuration) => configuration.GetSection($"services:{Inference}").GetChildren().Any();

    private static ClusterConfig Cluster(string id, string service, TimeSpan silence, GatewayOptions options, IConfiguration configuration) => new()
    {
        ClusterId = id,
        LoadBalancingPolicy = LoadBalancingPolicies.PowerOfTwoChoices,
        Destinations = Destinations(service, configuration),
        HttpRequest = new ForwarderRequestConfig { ActivityTimeout = silence, AllowResponseBuffering = false },
        HealthCheck = new HealthCheckConfig
        {
            // With every destination marked down the proxy tries all the same: the mark may be older than the restart.
            AvailableDestinationsPolicy = HealthCheckConstants.AvailableDestinations.HealthyOrPanic,
            Active = new ActiveHealthCheckConfig
            {
                Enabled = true,
                Path = "/alive",
                Interval = options.HealthInterval,
                Timeout = options.ConnectTimeout,
                Policy = HealthCheckConstants.ActivePolicy.ConsecutiveFailures,
            },
            Passive = new PassiveHealthCheckConfig { Enabled = true, Policy = HealthCheckConstants.PassivePolicy.TransportFailureRate, ReactivationPeriod = options.HealthInterval },
        },
        Metadata = new Dictionary<string, string> { [ConsecutiveFailuresHealthPolicyOptions.ThresholdMetadataName] = "1" },
    };

    /// <summary>Addresses as Aspire injects them: <c>services:NAME:http:0</c>, <c>:1</c> …</summary>
    private static Dictionary<string, DestinationConfig> Destinations(string service, IConfiguration configuration)
    {
        // Where a service listens on both, plain HTTP: inside, the network or a mesh takes care of secrecy.
        var addresses = Schemes
            .Select(scheme => configuration.GetSection($"services:{service}:{scheme}").GetChildren().Select(child => child.Value).OfType<string>().Where(value => value.Length > 0).ToList())
            .FirstOrDefault(found => found.Count > 0) ?? [];
        if (addresses.Count == 0) throw new InvalidOperationException($"The address of {service} is not configured (services__{service}__http__0).");
        return addresses.Select((address, index) => (address, index)).ToDictionary(
            pair => string.Create(CultureInfo.InvariantCulture, $"{service}-{pair.index}"),
            pair => new DestinationConfig { Address = pair.address });
    }
}
