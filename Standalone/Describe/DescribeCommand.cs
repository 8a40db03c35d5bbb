using System.Text.Json.Nodes;
using Deepfake.Gateway.Docs;
using Deepfake.Standalone.Embedded;

namespace Deepfake.Standalone.Describe;

/// <summary><c>openapi FILE</c>: writes the OpenAPI document that the services' own descriptions make together.</summary>
internal static class DescribeCommand
{
    /// <summary>Runs it.</summary>
    /// <returns>0: written.</returns>
    public static async Task<int> RunAsync(string file)
    {
        await using var service = await EmbeddedService.StartAsync(CancellationToken.None);
        var parts = new List<JsonObject>();
        foreach (var address in ApiContract.Parts) parts.Add(JsonNode.Parse(await service.ReadAsync(address, CancellationToken.None))!.AsObject());
        await File.WriteAllTextAsync(file, ApiContract.Merge(parts));
        return 0;
    }
}
