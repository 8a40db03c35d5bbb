using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;

namespace Deepfake.Client;

/// <summary>The JSON of the service, read with patience: a newer service may know words that this client does not.</summary>
public static class ClientJson
{
    /// <summary>Options. An unknown word reads as null where that is possible, else as the first of its kind.</summary>
    public static JsonSerializerOptions Options { get; } = Create();

    private static JsonSerializerOptions Create()
    {
        var options = new JsonSerializerOptions(JsonSerializerDefaults.Web) { AllowOutOfOrderMetadataProperties = true };
        options.Converters.Add(new PatientEnums());
        DeepfakeJson.Apply(options);
        options.MakeReadOnly(populateMissingResolver: true);
        return options;
    }

    private sealed class PatientEnums : JsonConverterFactory
    {
        public override bool CanConvert(Type typeToConvert) => (Nullable.GetUnderlyingType(typeToConvert) ?? typeToConvert).IsEnum;

        public override JsonConverter CreateConverter(Type typeToConvert, JsonSerializerOptions options) => Nullable.GetUnderlyingType(typeToConvert) is { } inner
            ? (JsonConverter)Activator.CreateInstance(typeof(Optional<>).MakeGenericType(inner))!
            : (JsonConverter)Activator.CreateInstance(typeof(Plain<>).MakeGenericType(typeToConvert))!;
    }

    private sealed class Plain<T> : JsonConverter<T>
        where T : struct, Enum
    {
        public override T Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => Words<T>.Read(ref reader) ?? default;

        public override void Write(Utf8JsonWriter writer, T value, JsonSerializerOptions options) => writer.WriteStringValue(Words<T>.Name(value));
    }

    private sealed class Optional<T> : JsonConverter<T?>
        where T : struct, Enum
    {
        public override T? Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.TokenType == JsonTokenType.Null ? null : Words<T>.Read(ref reader);

        public override void Write(Utf8JsonWriter writer, T? value, JsonSerializerOptions options)
        {
            if (value is { } some) writer.WriteStringValue(Words<T>.Name(some));
            else writer.WriteNullValue();
        }
    }

    private static class Words<T>
        where T : struct, Enum
    {
        private static readonly Dictionary<string, T> Known = Enum.GetValues<T>().ToDictionary(Name);

        public static string Name(T value) => JsonNamingPolicy.SnakeCaseLower.ConvertName(value.ToString());

        public static T? Read(ref Utf8JsonReader reader)
        {
            if (reader.TokenType != JsonTokenType.String) throw new JsonException();
            return Known.TryGetValue(reader.GetString()!, out var value) ? value : null;
        }
    }
}
