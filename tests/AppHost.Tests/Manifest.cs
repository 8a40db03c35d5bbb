using System.Text.Json;
using Deepfake.TestServers;

namespace Deepfake.AppHost.Tests;

/// <summary>What the AppHost publishes: the resources of its manifest.</summary>
internal sealed class Manifest
{
    private readonly JsonElement _resources;

    private Manifest(JsonElement resources) => _resources = resources;

    /// <summary>Every resource by its name.</summary>
    public IEnumerable<JsonProperty> Resources => _resources.EnumerateObject();

    public JsonElement this[string name] => _resources.GetProperty(name);

    /// <summary>Publishes as a process of its own, as <c>aspire publish</c> does.</summary>
    public static async Task<Manifest> PublishAsync(params string[] settings)
    {
        using var folder = new TemporaryFolder();
        await ServerProcess.RunAsync(
            ["dotnet", Path.Combine(Repository.Output("AppHost"), "Deepfake.AppHost.dll"), "--operation", "publish", "--step", "publish-manifest", "--output-path", folder.Path, .. settings], Path.Combine(Repository.Root, "AppHost"));
        using var document = JsonDocument.Parse(await File.ReadAllTextAsync(Path.Combine(folder.Path, "aspire-manifest.json")));
        return new Manifest(document.RootElement.GetProperty("resources").Clone());
    }

    /// <summary>Environment of a resource.</summary>
    public IReadOnlyDictionary<string, string> Environment(string name) =>
        this[name].TryGetProperty("env", out var variables) ? variables.EnumerateObject().ToDictionary(variable => variable.Name, variable => variable.Value.GetString()!) : new Dictionary<string, string>();

    /// <summary>Names of the volumes of a resource.</summary>
    public IEnumerable<string> Volumes(string name) =>
        this[name].TryGetProperty("volumes", out var volumes) ? volumes.EnumerateArray().Select(volume => volume.GetProperty("name").GetString()!) : [];
}
