using System.Globalization;
using System.Text.Json.Nodes;
using Deepfake.ServiceDefaults.Problems;

namespace Deepfake.Gateway.Docs;

/// <summary>Describes errors as they are sent: with their codes, and with the same body for every status.</summary>
internal static class ProblemWording
{
    private const string Schema = "ProblemDetails", MediaType = "application/problem+json";

    /// <summary>Puts the codes into the schema, and makes every answer of 400 and above refer to one answer for its status.</summary>
    /// <returns>These answers, for the components of the document.</returns>
    public static SortedDictionary<string, JsonNode> Describe(IDictionary<string, JsonNode> schemas, IEnumerable<JsonNode> operations)
    {
        schemas[Schema] = new JsonObject
        {
            ["type"] = "object",
            ["description"] = "An error (RFC 9457). `code` is stable, and made for programs; `title` goes with it; `detail` is about this one time.",
            ["required"] = new JsonArray("type", "title", "status", "detail", "code"),
            ["properties"] = new JsonObject
            {
                ["type"] = Text("`urn:deepfake:problem:` and the code."),
                ["title"] = Text("The same for every occurrence of the code."),
                ["status"] = new JsonObject { ["type"] = "integer", ["description"] = "The HTTP status." },
                ["detail"] = Text("One plain sentence about this occurrence."),
                ["code"] = new JsonObject
                {
                    ["type"] = "string",
                    ["description"] = "What went wrong; more may come.",
                    ["examples"] = new JsonArray([.. ProblemCatalogue.All.Select(kind => (JsonNode)kind.Code)]),
                },
                ["trace_id"] = Text("Where the trace of the request is found, for operators."),
            },
        };
        var answers = new SortedDictionary<string, JsonNode>(StringComparer.Ordinal);
        foreach (var responses in operations.Select(operation => operation["responses"]!.AsObject()))
        {
            foreach (var status in responses.Select(response => response.Key).ToList())
            {
                if (!int.TryParse(status, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < 400) continue;
                answers[$"Problem{status}"] = Answer(number);
                responses[status] = new JsonObject { ["$ref"] = $"#/components/responses/Problem{status}" };
            }
        }

        return answers;
    }

    private static JsonObject Answer(int status)
    {
        var kind = MostUsual(status);
        var answer = new JsonObject
        {
            ["description"] = kind.Title,
            ["content"] = new JsonObject
            {
                [MediaType] = new JsonObject
                {
                    ["schema"] = new JsonObject { ["$ref"] = $"#/components/schemas/{Schema}" },
                    ["example"] = new JsonObject { ["type"] = kind.Type, ["title"] = kind.Title, ["status"] = status, ["detail"] = $"{kind.Title}.", ["code"] = kind.Code },
                },
            },
        };
        if (status is 429 or 503)
            answer["headers"] = new JsonObject { ["Retry-After"] = new JsonObject { ["description"] = "Seconds after which another try makes sense.", ["schema"] = new JsonObject { ["type"] = "integer" } } };
        return answer;
    }

    private static ProblemKind MostUsual(int status) =>
        ProblemCatalogue.All.FirstOrDefault(kind => kind.Status == status && kind.Code == ProblemCatalogue.CodeOf(status)) ?? ProblemCatalogue.All.First(kind => kind.Status == status);

    private static JsonObject Text(string description) => new() { ["type"] = "string", ["description"] = description };
}
