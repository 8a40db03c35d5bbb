using System.Text.Json.Nodes;

namespace Deepfake.Gateway.Docs;

/// <summary>Says of schemas what the API does, where the generator says what its serializer could do.</summary>
internal static class SchemaWording
{
    /// <summary>Numbers are numbers, never text; that something may be missing is said where it is used, not by its type.</summary>
    public static void Tidy(IDictionary<string, JsonNode> schemas, IEnumerable<JsonNode> operations)
    {
        foreach (var schema in schemas.Values)
        {
            DropNull(schema);
            Walk(schema);
        }

        foreach (var operation in operations) Walk(operation);
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
