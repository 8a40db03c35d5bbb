using System.Text.Json;
using System.Text.Json.Serialization;

namespace Deepfake.Contracts;

/// <summary>The one JSON form of public documents: snake_case names and enums, nulls kept, ISO 8601 UTC times.</summary>
public static class DeepfakeJson
{
    /// <summary>Options for one-line documents. Read-only.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    /// <summary>Applies the form to options that a framework owns.</summary>
    public static void Apply(JsonSerializerOptions options)
    {
        options.PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower;
        options.DictionaryKeyPolicy = null;
        options.Converters.Add(new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false));
    }

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web);
        Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }
}
