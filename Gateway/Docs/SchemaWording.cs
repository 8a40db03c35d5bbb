using System.Text.Json.Nodes;

namespace Deepfake.Gateway.Docs;

/// <summary>Says of schemas what the API does, where the generator says what its serializer could do.</summary>
internal static class SchemaWording
{
    /// <summary>Left out of some answers: a secret is shown once, and an error without a trace names none.</summary>
    private static readonly (string Schema, string Property)[] LeftOut = [("Webhook", "secret"), ("ProblemDetails", "trace_id")];

    /// <summary>Numbers are numbers, never text; that something may be missing is said where it is used, not by its type.</summary>
    /// <param name="schemas">Of the whole document, by name; changed in place.</param>
    /// <param name="operations">Which use them.</param>
    public static void Tidy(IDictionary<string, JsonNode> schemas, IReadOnlyCollection<JsonNode> operations)
    {
        foreach (var schema in schemas.Values)
        {
            DropNull(schema);
            Walk(schema);
        }

        foreach (var operation in operations) Walk(operation);
        RequireAll(schemas, operations);
    }

    /// <summary>Answers tell every field, and null where there is no value; the generator knows only which of them a reader must be given.</summary>
    private static void RequireAll(IDictionary<string, JsonNode> schemas, IReadOnlyCollection<JsonNode> operations)
    {
        var asked = Reached(schemas, operations.Select(operation => operation["requestBody"]));
        foreach (var name in Reached(schemas, operations.Select(operation => operation["responses"])).Except(asked, StringComparer.Ordinal))
        {
            if (schemas[name] is not JsonObject schema || schema["properties"] is not JsonObject properties) continue;
            string[] required = [.. properties.Select(property => property.Key).Where(property => !LeftOut.Contains((name, property)))];
            schema.Remove("required");
            if (required.Length > 0) schema.Insert(0, "required", new JsonArray([.. required.Select(property => (JsonNode)property)]));
        }
    }

    /// <summary>Names of the schemas that are referred to, and of those that these refer to.</summary>
    private static HashSet<string> Reached(IDictionary<string, JsonNode> schemas, IEnumerable<JsonNode?> from)
    {
        var reached = new HashSet<string>(StringComparer.Ordinal);
        foreach (var node in from) Follow(node);
        return reached;

        void Follow(JsonNode? node)
        {
            if (node is JsonArray list)
            {
                foreach (var item in list) Follow(item);
            }
            else if (node is JsonObject members)
            {
                foreach (var (key, member) in members)
                {
                    if (key != "$ref" || member is not JsonValue reference) Follow(member);
                    else if (reference.GetValue<string>().Split('/')[^1] is var name && schemas.TryGetValue(name, out var schema) && reached.Add(name)) Follow(schema);
                }
            }
        }
    }

    private static void DropNull(JsonNode schema)
    {
        if (schema is not JsonObject { } named || named["enum"] is not JsonArray values) return;
        for (var i = values.Count - 1; i >= 0; i--)
        {
            if (values[i] is null) values.RemoveAt(i);
        }
    }

    private static void Walk(JsonNode? node)
    {
        if (node is JsonArray list)
        {
            foreach (var item in list) Walk(item);
            return;
        }

        if (node is not JsonObject members) return;
        if (members["type"] is JsonArray types && types.Any(IsNumber) && types.FirstOrDefault(IsText) is { } text)
        {
            types.Remove(text);
            members.Remove("pattern");
            if (types.Count == 1) members["type"] = types[0]!.DeepClone();
        }

        foreach (var (_, member) in members) Walk(member);
    }

    private static bool IsNumber(JsonNode? type) => type?.GetValueKind() == System.Text.Json.JsonValueKind.String && type.GetValue<string>() is "number" or "integer";

    private static bool IsText(JsonNode? type) => type?.GetValueKind() == System.Text.Json.JsonValueKind.String && type.GetValue<string>() == "string";
}
