namespace Deepfake.Kubernetes.Tests;

/// <summary>Who may connect to the outside and from there. What pods may reach of each other is a rule for every overlay (<see cref="Rules"/>).</summary>
public sealed class NetworkTests
{
    private const string Public = "93.184.215.14", Private = "10.20.30.40";

    private static readonly End Front = End.In(("kubernetes.io/metadata.name", "front"), ("deepfake-front", "true"));

    [Fact]
    public async Task Only_the_gateway_is_reachable_from_the_proxy_in_front()
    {
        var cluster = await Cluster.OverlayAsync("cpu");
        var network = new Network(cluster);
        Assert.Equal(["gateway"], cluster.Workloads.Where(workload => network.Connects(Front, End.Of(workload), 8080)).Select(workload => workload.Name));
    }

    [Theory]
    [InlineData("cpu")]
    [InlineData("gpu")]
    [InlineData("kind")]
    public async Task Nothing_reaches_the_internet(string overlay)
    {
        var cluster = await Cluster.OverlayAsync(overlay);
        var network = new Network(cluster);
        int[] ports = [80, 443, 5432, 5672, 6379, 9000];
        Assert.DoesNotContain(cluster.Workloads, workload => ports.Any(port => network.Connects(End.Of(workload), End.At(Public), port)));
        Assert.DoesNotContain(cluster.Workloads, workload => network.Connects(End.Of(workload), End.At(Public), 53, "UDP"));
    }

    [Fact]
    public async Task What_clients_name_by_address_is_reached_where_it_is_wanted_and_never_the_cluster_s_own_networks()
    {
        var cluster = await Cluster.WithComponentAsync("cpu", "internet");
        Assert.Equal(["inference-worker", "ingest-service", "result-service"], Reaching(cluster, Public, 443));
        Assert.Empty(Reaching(cluster, Public, 80));
        Assert.Empty(Reaching(cluster, "169.254.169.254", 443)); // credentials of the node
    }

    [Theory]
    [InlineData(5432, "gateway", "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service")]
    [InlineData(6379, "gateway", "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service")]
    [InlineData(5672, "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service")]
    [InlineData(443, "ingest-service", "frame-service", "inference-worker", "forensics-worker", "result-service")]
    [InlineData(22)]
    [InlineData(8080)]
    [InlineData(15672)]
    public async Task Servers_in_private_networks_are_reached_by_those_that_need_them(int port, params string[] services) =>
        Assert.Equal(services.Order(), Reaching(await Cluster.OverlayAsync("cpu"), Private, port));

    [Fact]
    public async Task Names_are_resolved_by_the_cluster_alone()
    {
        var cluster = await Cluster.OverlayAsync("kind");
        var network = new Network(cluster);
        var other = End.In(("kubernetes.io/metadata.name", "kube-system"));
        var dns = other with { Pod = new Dictionary<string, string> { ["k8s-app"] = "kube-dns" } };
        Assert.All(cluster.Workloads, workload => Assert.True(network.Connects(End.Of(workload), dns, 53, "UDP")));
        Assert.All(cluster.Workloads, workload => Assert.False(network.Connects(End.Of(workload), other, 53, "UDP")));
    }

    [Fact]
    public async Task The_autoscaler_sees_the_queues_and_the_collector_gets_its_telemetry()
    {
        var trials = await Cluster.OverlayAsync("kind");
        var broker = End.Of(trials.Workloads.Single(workload => workload.Name == "messaging"));
        Assert.True(new Network(trials).Connects(End.In(("kubernetes.io/metadata.name", "keda")), broker, 15672));

        var watched = await Cluster.WithComponentAsync("cpu", "monitoring");
        var collector = End.In(("kubernetes.io/metadata.name", "monitoring"));
        Assert.All(watched.Workloads, workload => Assert.True(new Network(watched).Connects(End.Of(workload), collector, 4317)));
        Assert.All(trials.Workloads, workload => Assert.False(new Network(trials).Connects(End.Of(workload), collector, 4317)));
    }

    private static IEnumerable<string> Reaching(Cluster cluster, string address, int port)
    {
        var network = new Network(cluster);
        return cluster.Workloads.Where(workload => network.Connects(End.Of(workload), End.At(address), port)).Select(workload => workload.Name).Order();
    }
}
