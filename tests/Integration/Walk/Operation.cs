using System.Text.Json;

namespace Deepfake.Integration.Walk;

/// <summary>One operation of the OpenAPI document.</summary>
/// <param name="Method">In upper case.</param>
/// <param name="Path">With its parameters in braces.</param>
/// <param name="Scope">Scope that a key needs for it.</param>
/// <param name="AsksForKey">Whether it asks for a key at all.</param>
/// <param name="TakesJson">Whether its body is JSON.</param>
public sealed record Operation(string Method, string Path, string? Scope, bool AsksForKey, bool TakesJson)
{
    private static readonly string[] Methods = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

    /// <summary>Whether it names something that somebody made.</summary>
    public bool NamesSomething => Path.Contains('{', StringComparison.Ordinal);

    /// <summary>Every operation that a host describes.</summary>
    public static async Task<IReadOnlyList<Operation>> ReadAllAsync(HttpClient client)
    {
        var index = await ReadAsync(client, "/");
        var found = new List<Operation>();
        foreach (var path in (await ReadAsync(client, index.GetProperty("openapi").GetString()!)).GetProperty("paths").EnumerateObject())
        {
            found.AddRange(path.Value.EnumerateObject().Where(member => Methods.Contains(member.Name)).Select(member => new Operation(
                member.Name.ToUpperInvariant(),
                path.Name,
                member.Value.TryGetProperty("x-required-scope", out var scope) ? scope.GetString() : null,
                member.Value.TryGetProperty("security", out var security) && security.GetArrayLength() > 0,
                member.Value.TryGetProperty("requestBody", out var body) && body.GetProperty("content").TryGetProperty("application/json", out _))));
        }

        return found;
    }

    public override string ToString() => $"{Method} {Path}";

    private static async Task<JsonElement> ReadAsync(HttpClient client, string address)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, address);
        request.Headers.Add("Accept", "application/json");
        using var response = await client.SendAsync(request);
        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        return document.RootElement.Clone();
    }
}
