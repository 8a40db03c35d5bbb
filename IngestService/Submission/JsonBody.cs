using System.Text.Json;
using Deepfake.Contracts;
using Microsoft.Net.Http.Headers;

namespace Deepfake.IngestService.Submission;

/// <summary>A submission that names its file instead of holding it: <c>{"url": …}</c> or <c>{"upload_id": …}</c>, and options.</summary>
internal sealed class JsonBody
{
    /// <summary>Longest body of one submission.</summary>
    public const int MaxBytes = 64 * 1024;

    private readonly List<(string Name, string Value)> _options = [];

    /// <summary>Where to fetch the file; null for an upload.</summary>
    public string? Url { get; private set; }

    /// <summary>The upload; null for an address.</summary>
    public string? UploadId { get; private set; }

    /// <summary>Cleaned name of the file.</summary>
    public string? FileName { get; private init; }

    /// <summary>Whether the body claims to be JSON.</summary>
    public static bool IsJson(HttpRequest request) =>
        MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the body.</summary>
    /// <exception cref="SubmissionRejectedException">Not of this form.</exception>
    public static async Task<JsonBody> ReadAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        using var document = await ParseAsync(request, MaxBytes, cancellationToken);
        return Read(document.RootElement);
    }

    /// <summary>The JSON of a body.</summary>
    /// <exception cref="SubmissionRejectedException">It is no JSON, or longer than allowed.</exception>
    public static async Task<JsonDocument> ParseAsync(HttpRequest request, int maxBytes, CancellationToken cancellationToken)
    {
        var buffer = new byte[Math.Min(request.ContentLength ?? long.MaxValue, maxBytes) + 1];
        var read = await request.Body.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, cancellationToken);
        if (read > maxBytes) throw Invalid($"The JSON body is longer than {maxBytes / 1024} KB.");
        try
        {
            return JsonDocument.Parse(buffer.AsMemory(0, read));
        }
        catch (JsonException e)
        {
            throw Invalid("The body is no JSON; a file of JSON type cannot be analysed.", e);
        }
    }

    /// <summary>Reads one object: a body, or an entry of a batch.</summary>
    /// <exception cref="SubmissionRejectedException">Not of this form.</exception>
    public static JsonBody Read(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Object) throw Invalid("A submission in JSON is an object.");
        var (url, upload) = (Text(json, "url"), Text(json, "upload_id"));
        if (url is null == upload is null) throw Invalid("A submission in JSON has a 'url' or an 'upload_id'.");
        var body = ReadOptions(json);
        (body.Url, body.UploadId) = (url, upload);
        return body;
    }

    /// <summary>Reads only name and options.</summary>
    /// <exception cref="SubmissionRejectedException">A value has the wrong type.</exception>
    public static JsonBody ReadOptions(JsonElement json)
    {
        var body = new JsonBody { FileName = FileNames.Clean(Text(json, "file_name")) };
        foreach (var name in SubmissionFields.Names)
            if (Option(json, name) is { } value) body._options.Add((name, value));
        return body;
    }

    /// <summary>Puts the options of the body over others.</summary>
    /// <exception cref="SubmissionRejectedException">A value is not allowed.</exception>
    public SubmissionFields Over(SubmissionFields fields)
    {
        if (FileName is not null) fields = fields with { FileName = FileName };
        return _options.Aggregate(fields, (all, option) => all.With(option.Name, option.Value));
    }

    /// <summary>A member that is a text; null where it is not there.</summary>
    /// <exception cref="SubmissionRejectedException">It is something else.</exception>
    public static string? Text(JsonElement json, string name)
    {
        if (!json.TryGetProperty(name, out var value) || value.ValueKind == JsonValueKind.Null) return null;
        try
        {
            return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Invalid($"'{name}' is a string.");
        }
        catch (InvalidOperationException e)
        {
            throw Invalid($"'{name}' is no valid text.", e); // half of a surrogate pair
        }
    }

    private static string? Option(JsonElement json, string name) => !json.TryGetProperty(name, out var value) ? null : value.ValueKind switch
    {
        JsonValueKind.True => "true",
        JsonValueKind.False => "false",
        JsonValueKind.Object when name == "metadata" => value.GetRawText(),
        JsonValueKind.Null => null,
        JsonValueKind.String when name != "metadata" => Text(json, name),
        _ => throw Invalid($"'{name}' has a value of the wrong type."),
    };

    private static SubmissionRejectedException Invalid(string detail, Exception? inner = null) => new(ErrorCodes.InvalidRequest, detail, inner);
}
