using System.Text.Json.Nodes;

namespace Deepfake.Gateway.Docs;

/// <summary>Examples of what is sent and answered, by the names of their schemas: answers of a real run, shortened.</summary>
internal static class ApiExamples
{
    /// <summary>Refers to the examples from every body whose schema has one.</summary>
    /// <returns>The examples, for the components of the document.</returns>
    /// <exception cref="InvalidDataException">An example is of a schema that there is not.</exception>
    public static JsonObject Attach(IDictionary<string, JsonNode> schemas, IEnumerable<JsonNode> operations)
    {
        var known = Read();
        if (known.FirstOrDefault(example => !schemas.ContainsKey(example.Key)) is { Key: { } stray }) throw new InvalidDataException($"There is an example of '{stray}', but no such schema.");
        foreach (var operation in operations)
        {
            foreach (var body in new[] { operation["requestBody"] }.Concat(operation["responses"]!.AsObject().Select(response => response.Value)))
            {
                foreach (var (_, media) in body?["content"]?.AsObject() ?? [])
                {
                    if (media?["schema"]?["$ref"]?.GetValue<string>().Split('/')[^1] is not { } name || !known.ContainsKey(name)) continue;
                    media["examples"] = new JsonObject { [name] = new JsonObject { ["$ref"] = $"#/components/examples/{name}" } };
                }
            }
        }

        return new JsonObject(known.OrderBy(example => example.Key, StringComparer.Ordinal)
            .Select(example => KeyValuePair.Create<string, JsonNode?>(example.Key, new JsonObject { ["value"] = example.Value!.DeepClone() })));
    }

    private static JsonObject Read()
    {
        using var resource = typeof(ApiExamples).Assembly.GetManifestResourceStream("examples.json")!;
        return JsonNode.Parse(resource)!.AsObject();
    }
}
