using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Submission;

/// <summary>Reads the small map of strings that a client keeps with its analysis.</summary>
internal static class ClientMetadata
{
    /// <summary>Most entries.</summary>
    public const int MaxEntries = 16;

    /// <summary>Longest name, in characters.</summary>
    public const int MaxNameLength = 64;

    /// <summary>Longest value, in characters.</summary>
    public const int MaxValueLength = 512;

    private static readonly string Rule = $"metadata is a JSON object of at most {MaxEntries} strings: names of 1–{MaxNameLength} characters, values of at most {MaxValueLength}, no control characters.";

    /// <summary>Reads a JSON object of strings; null where it is empty.</summary>
    /// <exception cref="SubmissionRejectedException">It is something else, or too much.</exception>
    public static IReadOnlyDictionary<string, string>? Parse(string json)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object) throw Invalid();
            // Sorted, so that the same map is the same text wherever it is compared.
            var map = new SortedDictionary<string, string>(StringComparer.Ordinal);
            foreach (var entry in document.RootElement.EnumerateObject())
            {
                if (entry.Value.ValueKind != JsonValueKind.String || !Fits(entry.Name, MaxNameLength) || entry.Name.Length == 0) throw Invalid();
                var value = entry.Value.GetString()!;
                if (!Fits(value, MaxValueLength) || !map.TryAdd(entry.Name, value) || map.Count > MaxEntries) throw Invalid();
            }

            return map.Count == 0 ? null : map;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw Invalid(e); // half of a surrogate pair is an InvalidOperationException
        }
    }

    private static bool Fits(string text, int length) => text.Length <= length && !text.Any(char.IsControl);

    private static SubmissionRejectedException Invalid(Exception? inner = null) => new(ErrorCodes.InvalidRequest, Rule, inner);
}
