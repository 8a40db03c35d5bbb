using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Deepfake.Gateway.Docs;

/// <summary>Makes one OpenAPI 3.1 document of those of the services, with examples.</summary>
public static class ApiContract
{
    private static readonly JsonSerializerOptions Layout = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };
    private static readonly string[] Methods = ["get", "head", "post", "put", "patch", "delete", "options"];

    /// <summary>Addresses at which a host that holds all services describes them one by one.</summary>
    public static IReadOnlyList<string> Parts { get; } = ["/openapi/ingest.json", "/openapi/result.json", "/openapi/inference.json", "/openapi/identity.json"];

    /// <summary>Merges documents. The same parts in any order give the same text.</summary>
    /// <param name="parts">Documents of the services.</param>
    /// <exception cref="InvalidDataException">Two parts describe the same operation, or different things by one name.</exception>
    public static string Merge(IEnumerable<JsonObject> parts)
    {
        var paths = new SortedDictionary<string, SortedDictionary<string, JsonNode>>(StringComparer.Ordinal);
        var schemas = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        var schemes = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        var tags = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var part in parts)
        {
            foreach (var (path, item) in part["paths"]!.AsObject())
            {
                if (!paths.TryGetValue(path, out var operations)) paths[path] = operations = new SortedDictionary<string, JsonNode>(Comparer<string>.Create(CompareMethods));
                foreach (var (method, operation) in item!.AsObject())
                {
                    if (!operations.TryAdd(method, operation!.DeepClone())) throw new InvalidDataException($"{method.ToUpperInvariant()} {path} is described twice.");
                    foreach (var tag in operation["tags"]?.AsArray() ?? []) tags.Add(tag!.GetValue<string>());
                }
            }

            Add(schemas, part["components"]?["schemas"]);
            Add(schemes, part["components"]?["securitySchemes"]);
        }

        SchemaWording.Tidy(schemas, [.. paths.Values.SelectMany(item => item.Values)]);
        var problems = ProblemWording.Describe(schemas, paths.Values.SelectMany(item => item.Where(operation => operation.Key != "head").Select(operation => operation.Value)));
        var examples = ApiExamples.Attach(schemas, paths.Values.SelectMany(item => item.Values));
        return new JsonObject
        {
            ["openapi"] = "3.1.1",
            ["info"] = new JsonObject
            {
                ["title"] = "Deepfake.Aspire",
                ["version"] = "v1",
                ["description"] = "How likely a face in a picture or film was manipulated, and why. Errors are `application/problem+json` with a stable `code`; times are UTC.",
                ["license"] = new JsonObject { ["name"] = "MIT", ["identifier"] = "MIT" },
            },
            ["servers"] = new JsonArray(new JsonObject { ["url"] = "/" }),
            ["tags"] = new JsonArray([.. tags.Select(tag => new JsonObject { ["name"] = tag })]),
            ["paths"] = new JsonObject(paths.Select(path => KeyValuePair.Create<string, JsonNode?>(path.Key, Object(path.Value)))),
            ["components"] = new JsonObject { ["schemas"] = Object(schemas), ["responses"] = Object(problems), ["examples"] = examples, ["securitySchemes"] = Object(schemes) },
        }.ToJsonString(Layout).ReplaceLineEndings("\n") + "\n";
    }

    private static void Add(SortedDictionary<string, JsonNode> known, JsonNode? section)
    {
        foreach (var (name, value) in section?.AsObject() ?? [])
        {
            if (!known.TryAdd(name, value!.DeepClone()) && !JsonNode.DeepEquals(known[name], value))
                throw new InvalidDataException($"'{name}' means one thing in one service and another in another: rename one.");
        }
    }

    private static JsonObject Object(IEnumerable<KeyValuePair<string, JsonNode>> members) => new(members.Select(member => KeyValuePair.Create<string, JsonNode?>(member.Key, member.Value)));

    private static int CompareMethods(string left, string right) => Array.IndexOf(Methods, left) is var a && Array.IndexOf(Methods, right) is var b && a != b ? a.CompareTo(b) : string.CompareOrdinal(left, right);
}
