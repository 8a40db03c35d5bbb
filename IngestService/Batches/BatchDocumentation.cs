using System.Text.Json.Nodes;
using Deepfake.IngestService.Submission;
using Microsoft.OpenApi;

namespace Deepfake.IngestService.Batches;

/// <summary>Describes the bodies of a batch, which are read by hand.</summary>
internal static class BatchDocumentation
{
    /// <summary>Name of the operation.</summary>
    public const string Submit = "SubmitBatch";

    /// <summary>Adds bodies and headers.</summary>
    public static void Describe(OpenApiOperation operation)
    {
        var options = SubmitDocumentation.Options(batch: true).ToDictionary(field => field.Name, field => (IOpenApiSchema)field.Schema);
        var item = Object(new Dictionary<string, IOpenApiSchema>(options)
        {
            ["metadata"] = SubmitDocumentation.Strings("Whatever else you want to keep with it."),
            ["url"] = Text("Where to fetch the file."),
            ["upload_id"] = Text("Or the upload."),
            ["file_name"] = Text("Name of the file."),
        });
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["multipart/form-data"] = new()
                {
                    Schema = Object(new Dictionary<string, IOpenApiSchema>(options)
                    {
                        ["file"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = SubmitDocumentation.Binary() },
                        ["items"] = Text("JSON list of items as in the JSON body; may come with files or instead of them."),
                    }),
                },
                ["application/json"] = new()
                {
                    Schema = Object(new Dictionary<string, IOpenApiSchema>(options)
                    {
                        ["metadata"] = SubmitDocumentation.Strings("Of every item that has none of its own."),
                        ["items"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = item },
                    }),
                    Example = JsonNode.Parse("""{"reference":"case 7","items":[{"url":"https://example.org/clip.mp4"},{"upload_id":"up_01m7ypgr0gf2x5rk8ggqvd54sr","reference":"post/42"}]}"""),
                },
            },
        };
        operation.Parameters = [SubmitDocumentation.Reuse(), SubmitDocumentation.Key()];
    }

    private static OpenApiSchema Object(IDictionary<string, IOpenApiSchema> properties) => new() { Type = JsonSchemaType.Object, Properties = properties };

    private static OpenApiSchema Text(string description) => new() { Type = JsonSchemaType.String, Description = description };
}
