using System.Globalization;
using System.Text.Json.Nodes;
using YamlDotNet.Core;
using YamlDotNet.RepresentationModel;

namespace Deepfake.Kubernetes.Tests;

/// <summary>Reading of Kubernetes objects.</summary>
internal static class Json
{
    /// <summary>YAML documents as JSON, as an API server sees them.</summary>
    public static IReadOnlyList<JsonObject> FromYaml(string text)
    {
        var stream = new YamlStream();
        stream.Load(new StringReader(text));
        return [.. stream.Documents.Select(document => (JsonObject)Convert(document.RootNode)!)];
    }

    /// <summary>What lies at a path of fields, <c>spec/template/spec</c>; null where one of them is missing.</summary>
    public static JsonNode? At(this JsonNode? node, string path) =>
        path.Split('/').Aggregate(node, (at, field) => at is JsonObject found && found.TryGetPropertyValue(field, out var value) ? value : null);

    /// <summary>The text there; a number as it is written. Null where there is none.</summary>
    public static string? Text(this JsonNode? node, string path) => node.At(path) is JsonValue value ? value.ToString() : null;

    /// <summary>The number there, or another.</summary>
    public static int Number(this JsonNode? node, string path, int otherwise) =>
        node.Text(path) is { } text ? int.Parse(text, CultureInfo.InvariantCulture) : otherwise;

    /// <summary>The objects of a list; none where there is no list.</summary>
    public static IEnumerable<JsonObject> List(this JsonNode? node, string path) =>
        node.At(path) is JsonArray list ? list.OfType<JsonObject>() : [];

    /// <summary>The texts of a list.</summary>
    public static IEnumerable<string> Texts(this JsonNode? node, string path) => node.At(path) is JsonArray list ? list.Select(item => item!.ToString()) : [];

    /// <summary>A map of texts, such as labels.</summary>
    public static IReadOnlyDictionary<string, string> Map(this JsonNode? node, string path) =>
        node.At(path) is JsonObject map ? map.ToDictionary(pair => pair.Key, pair => pair.Value!.ToString()) : new Dictionary<string, string>();

    private static JsonNode? Convert(YamlNode node) => node switch
    {
        YamlMappingNode map =>
            new JsonObject(map.Children.Select(pair => KeyValuePair.Create(((YamlScalarNode)pair.Key).Value!, Convert(pair.Value)))),
        YamlSequenceNode list => new JsonArray([.. list.Children.Select(Convert)]),
        YamlScalarNode { Style: ScalarStyle.Plain } plain => plain.Value switch
        {
            null or "" or "null" or "~" => null,
            "true" => true,
            "false" => false,
            var text when long.TryParse(text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var whole) => whole,
            var text when double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var broken) => broken,
            var text => text,
        },
        YamlScalarNode scalar => scalar.Value,
        _ => throw new InvalidDataException($"YAML node {node.NodeType} is not expected here."),
    };
}
