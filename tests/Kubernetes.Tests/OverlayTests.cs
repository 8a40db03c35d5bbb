using System.Text.RegularExpressions;

namespace Deepfake.Kubernetes.Tests;

public sealed partial class OverlayTests
{
    public static TheoryData<string> Overlays => [.. Folders("overlays")];

    /// <summary>Components that no overlay has, each with one that it can go on.</summary>
    public static TheoryData<string, string> Additions => new()
    {
        { "cpu", "ingress" },
        { "cpu", "certificate" },
        { "cpu", "external-secrets" },
        { "cpu", "internet" },
        { "cpu", "models" },
        { "cpu", "monitoring" },
        { "gpu", "gpu-timeslice" },
        { "gpu", "gpu-mig" },
        { "kind", "keda" },
    };

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task An_overlay_keeps_to_schemas_and_rules(string overlay) =>
        Assert.Empty(await Rules.ComplaintsAsync(await Cluster.OverlayAsync(overlay)));

    [Theory]
    [MemberData(nameof(Additions))]
    public async Task A_component_keeps_to_schemas_and_rules(string overlay, string component) =>
        Assert.Empty(await Rules.ComplaintsAsync(await Cluster.WithComponentAsync(overlay, component)));

    [Fact]
    public void Every_component_is_checked()
    {
        var used = Folders("overlays").SelectMany(overlay => File.ReadLines(Path.Combine(Cluster.Root, "overlays", overlay, "kustomization.yaml")))
            .Select(line => ComponentLine().Match(line).Groups["name"].Value);
        Assert.Empty(Folders("components").Except(used).Except(Additions.Select(row => (string)row[1])));
    }

    [Theory]
    [MemberData(nameof(Overlays))]
    public async Task Every_setting_is_in_the_documentation(string overlay)
    {
        var documented = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "configuration.md"));
        var cluster = await Cluster.OverlayAsync(overlay);
        var settings = cluster.Kind("ConfigMap").SelectMany(map => map.Map("data").Keys)
            .Concat(cluster.Kind("Deployment").SelectMany(deployment => new Workload(deployment).Settings.Keys))
            .Where(name => !PlatformName().IsMatch(name)).Distinct();
        Assert.All(settings, name => Assert.Contains($"`{name.Replace("__", ":", StringComparison.Ordinal)}`", documented, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_documentation_knows_every_folder_and_secret()
    {
        var documented = await File.ReadAllTextAsync(Path.Combine(Repository.Root, "docs", "kubernetes.md"));
        Assert.All(Folders("overlays").Concat(Folders("components")), folder => Assert.Contains($"`{folder}`", documented, StringComparison.Ordinal));
        Assert.All(Rules.Secrets, secret => Assert.Contains($" {secret} ", documented, StringComparison.Ordinal));
    }

    [Fact]
    public async Task The_gpu_pool_keeps_one_warm_or_none()
    {
        async Task<int> LeastAsync(string overlay) => (await Cluster.OverlayAsync(overlay)).Kind("ScaledObject")
            .Single(pool => pool.Text("metadata/name") == "inference-worker").Number("spec/minReplicaCount", -1);
        Assert.Equal(1, await LeastAsync("gpu"));
        Assert.Equal(0, await LeastAsync("gpu-from-zero"));
    }

    [Theory]
    [InlineData("gpu", "gpu-timeslice", "nvidia.com/gpu.shared")]
    [InlineData("gpu", "gpu-mig", "nvidia.com/mig-1g.10gb")]
    public async Task A_part_of_a_gpu_takes_the_place_of_a_whole_one(string overlay, string component, string resource)
    {
        var worker = (await Cluster.WithComponentAsync(overlay, component)).Workloads.Single(workload => workload.Name == "inference-worker");
        Assert.Equal([resource], worker.Containers.Single().Map("resources/limits").Keys.Where(key => key.StartsWith("nvidia.com", StringComparison.Ordinal)));
    }

    [Fact]
    public async Task Trials_run_the_servers_of_the_apphost()
    {
        var storage = StorageTag().Match(await File.ReadAllTextAsync(Path.Combine(Repository.Root, "AppHost", "AppHost.cs")));
        var images = (await Cluster.OverlayAsync("kind")).Kind("StatefulSet").Select(server => new Workload(server).Containers.Single().Text("image"));
        Assert.Contains($"docker.io/chrislusf/seaweedfs:{storage.Groups["tag"].Value}", images);
    }

    private static IEnumerable<string> Folders(string below) =>
        Directory.EnumerateDirectories(Path.Combine(Cluster.Root, below)).Select(Path.GetFileName).OfType<string>().Order();

    [GeneratedRegex(@"""chrislusf/seaweedfs"", ""(?<tag>[\d.]+)""", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex StorageTag();

    [GeneratedRegex(@"^\s*- \.\./\.\./components/(?<name>[\w-]+)", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex ComponentLine();

    [GeneratedRegex("^(ASPNETCORE|DOTNET|OTEL|CUDA|ORT)_", RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex PlatformName();
}
