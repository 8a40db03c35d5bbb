using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deepfake.Kubernetes.Tests;

/// <summary>The objects that a kustomization makes.</summary>
internal sealed class Cluster
{
    private static readonly ConcurrentDictionary<string, Lazy<Task<Cluster>>> Overlays = new(StringComparer.Ordinal);

    private Cluster(IReadOnlyList<JsonObject> objects)
    {
        Objects = objects;
        Workloads = [.. Kind("Deployment").Concat(Kind("StatefulSet")).Select(workload => new Workload(workload))];
    }

    /// <summary>The folder <c>k8s</c>.</summary>
    public static string Root { get; } = Path.Combine(Repository.Root, "k8s");

    /// <summary>Everything.</summary>
    public IReadOnlyList<JsonObject> Objects { get; }

    /// <summary>What runs pods.</summary>
    public IReadOnlyList<Workload> Workloads { get; }

    /// <summary>An overlay by its name, rendered once.</summary>
    public static Task<Cluster> OverlayAsync(string name) =>
        Overlays.GetOrAdd(name, _ => new Lazy<Task<Cluster>>(() => RenderAsync(Path.Combine(Root, "overlays", name)))).Value;

    /// <summary>An overlay and a component that is not in it.</summary>
    public static async Task<Cluster> WithComponentAsync(string overlay, string component)
    {
        using var folder = new TemporaryFolder();
        // Kustomize wants paths from the folder itself.
        string Here(string path) => Path.GetRelativePath(folder.Path, Path.Combine(Root, path));
        await File.WriteAllTextAsync(Path.Combine(folder.Path, "kustomization.yaml"), $"""
            namespace: deepfake
            resources: ["{Here($"overlays/{overlay}")}"]
            components: ["{Here($"components/{component}")}"]
            """);
        return await RenderAsync(folder.Path);
    }

    /// <summary>Any folder with a kustomization.</summary>
    public static async Task<Cluster> RenderAsync(string folder) => new(Json.FromYaml(await Command.KustomizeAsync(folder)));

    /// <summary>Objects of a kind.</summary>
    public IEnumerable<JsonObject> Kind(string kind) => Objects.Where(found => found.Text("kind") == kind);

    /// <summary>What the schemas say against the objects.</summary>
    public async Task<IEnumerable<string>> SchemaErrorsAsync()
    {
        var errors = JsonSerializer.Deserialize<string[][]>(await Command.CheckAsync(JsonSerializer.Serialize(Objects)))!;
        return Objects.Zip(errors).SelectMany(pair => pair.Second.Select(error => $"{Name(pair.First)}: {error}"));
    }

    /// <summary>Kind and name, for people.</summary>
    public static string Name(JsonObject of) => $"{of.Text("kind")}/{of.Text("metadata/name")}";
}

/// <summary>A Deployment or StatefulSet, seen from its pods.</summary>
/// <param name="Source">The object.</param>
internal sealed record Workload(JsonObject Source)
{
    /// <summary>Its name.</summary>
    public string Name { get; } = Source.Text("metadata/name")!;

    /// <summary>The specification of its pods.</summary>
    public JsonNode Pod { get; } = Source.At("spec/template/spec")!;

    /// <summary>Labels of its pods.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; } = Source.Map("spec/template/metadata/labels");

    /// <summary>Containers, those that only run at the start among them.</summary>
    public IEnumerable<JsonObject> Containers => Pod.List("containers").Concat(Pod.List("initContainers"));

    /// <summary>Ports by name.</summary>
    public IReadOnlyDictionary<string, int> Ports { get; } = Source.List("spec/template/spec/containers").SelectMany(container => container.List("ports"))
        .ToDictionary(port => port.Text("name")!, port => port.Number("containerPort", 0));

    /// <summary>Settings that are written into it: environment by name.</summary>
    public IReadOnlyDictionary<string, string> Settings => Pod.List("containers").First().List("env")
        .Where(variable => variable.Text("value") is not null).ToDictionary(variable => variable.Text("name")!, variable => variable.Text("value")!);
}
