using System.Net;
using System.Net.Http.Json;
using System.Text.Json;

namespace Deepfake.Client.Tests;

/// <summary>Clients of other languages make their types of the document: what it requires must be there.</summary>
[Collection(StandaloneTests.Name)]
public sealed class AnswerTests(StandaloneFixture standalone)
{
    private const int FewestAnswers = 12;

    [Fact]
    public async Task Answers_tell_every_field_that_the_document_requires()
    {
        using var client = standalone.Client();
        var analysis = await client.SubmitFileAsync(standalone.Picture);
        await client.WaitAsync(analysis.Id);
        using var http = new HttpClient { BaseAddress = standalone.Address };
        var document = await http.GetFromJsonAsync<JsonElement>("/openapi.json");

        var (missing, answers) = (new List<string>(), 0);
        foreach (var path in document.GetProperty("paths").EnumerateObject())
        {
            var address = path.Name.Replace("{id}", analysis.Id, StringComparison.Ordinal);
            if (address.Contains('{', StringComparison.Ordinal) || SchemaOf(path.Value) is not { } schema) continue;
            using var response = await http.GetAsync(new Uri(address, UriKind.Relative));
            if (response.StatusCode != HttpStatusCode.OK) continue; // the id is of another thing
            answers++;
            Compare(document, schema, await response.Content.ReadFromJsonAsync<JsonElement>(), path.Name, missing);
        }

        Assert.Empty(missing);
        Assert.InRange(answers, FewestAnswers, int.MaxValue);
    }

    private static JsonElement? SchemaOf(JsonElement path) =>
        path.TryGetProperty("get", out var operation) && operation.GetProperty("responses").TryGetProperty("200", out var answer)
        && answer.TryGetProperty("content", out var content) && content.TryGetProperty("application/json", out var media) ? media.GetProperty("schema") : null;

    private static void Compare(JsonElement document, JsonElement schema, JsonElement value, string place, List<string> missing)
    {
        if (value.ValueKind == JsonValueKind.Null) return;
        if (schema.TryGetProperty("$ref", out var reference)) schema = document.GetProperty("components").GetProperty("schemas").GetProperty(reference.GetString()!.Split('/')[^1]);
        if (schema.TryGetProperty("oneOf", out var choices))
        {
            // Null, or something.
            foreach (var choice in choices.EnumerateArray()) Compare(document, choice, value, place, missing);
        }

        if (value.ValueKind == JsonValueKind.Array && schema.TryGetProperty("items", out var items))
        {
            foreach (var item in value.EnumerateArray()) Compare(document, items, item, place + "[]", missing);
        }

        if (value.ValueKind != JsonValueKind.Object) return;
        if (schema.TryGetProperty("required", out var required))
            missing.AddRange(required.EnumerateArray().Select(name => name.GetString()!).Where(name => !value.TryGetProperty(name, out _)).Select(name => $"{place}.{name}"));
        if (!schema.TryGetProperty("properties", out var properties)) return;
        foreach (var property in properties.EnumerateObject())
        {
            if (value.TryGetProperty(property.Name, out var member)) Compare(document, property.Value, member, $"{place}.{property.Name}", missing);
        }
    }
}
