using System.Text.Json.Nodes;
using Deepfake.IngestService.Batches;
using Deepfake.IngestService.Compat;
using Deepfake.IngestService.Idempotency;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Deepfake.IngestService.Submission;

/// <summary>Describes bodies and headers that the handler reads by hand, and which no signature shows.</summary>
internal static class SubmitDocumentation
{
    public static void Describe(OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Info.Title = "Deepfake.Aspire: submit";
            document.Info.Version = "v1";
            // Addresses are those of the gateway that hands the document out.
            document.Servers = [];
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var name = context.Description.ActionDescriptor.EndpointMetadata.OfType<IEndpointNameMetadata>().FirstOrDefault()?.EndpointName;
            if (name == "SubmitAnalysis") DescribeSubmit(operation);
            else if (name == BatchDocumentation.Submit) BatchDocumentation.Describe(operation);
            else OldDocumentation.Describe(name, operation);
            return Task.CompletedTask;
        });
    }

    /// <summary>Describes a submission.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="isNamed">Whether JSON that names the file is taken.</param>
    public static void DescribeSubmit(OpenApiOperation operation, bool isNamed = true)
    {
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["multipart/form-data"] = new()
                {
                    Schema = new OpenApiSchema
                    {
                        Type = JsonSchemaType.Object,
                        Required = new HashSet<string> { "file" },
                        Properties = Options().Prepend((Name: "file", Schema: Binary())).ToDictionary(field => field.Name, field => (IOpenApiSchema)field.Schema),
                    },
                },
                ["application/octet-stream"] = new() { Schema = Binary() },
                ["application/json"] = new() { Schema = Named(), Example = new JsonObject { ["upload_id"] = "up_01m7yxjeqp22rcfgt4vpd66gd9", ["lane"] = "batch" } },
            },
        };
        if (!isNamed) operation.RequestBody.Content?.Remove("application/json");
        operation.Parameters =
        [
            .. Options().Select(field => new OpenApiParameter { Name = field.Name, In = ParameterLocation.Query, Schema = field.Schema, Description = field.Schema.Description }),
            Reuse(),
            Key(),
            new OpenApiParameter
            {
                Name = "X-Filename", In = ParameterLocation.Header, Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = 255 },
                Description = "Name of a file that is sent as the body itself, percent-encoded UTF-8.",
            },
        ];
        if (operation.Responses?.GetValueOrDefault("202") is OpenApiResponse accepted)
        {
            accepted.Headers = new Dictionary<string, IOpenApiHeader>
            {
                ["Location"] = new OpenApiHeader { Description = "Where progress and result are read.", Schema = new OpenApiSchema { Type = JsonSchemaType.String } },
                [SubmitEndpoint.ReplayedHeader] = new OpenApiHeader
                {
                    Description = "`true` where an earlier request with the same key had this answer.",
                    Schema = new OpenApiSchema { Type = JsonSchemaType.String },
                },
            };
        }
    }

    /// <summary>The parameter <c>reuse</c>.</summary>
    public static OpenApiParameter Reuse() => new()
    {
        Name = "reuse",
        In = ParameterLocation.Query,
        Schema = new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(false) },
        Description = "Whether a finished result of the same content would do.",
    };

    /// <summary>The header <c>Idempotency-Key</c>.</summary>
    public static OpenApiParameter Key() => new()
    {
        Name = IdempotencyKey.Header,
        In = ParameterLocation.Header,
        Schema = new OpenApiSchema { Type = JsonSchemaType.String, MaxLength = IdempotencyKey.MaxLength },
        Description = "A key of your own; repeating the request with it gives the same answer for 24 hours.",
    };

    /// <summary>A file.</summary>
    public static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary", Description = $"One of {MediaTypes.Accepted}." };

    /// <summary>A submission that names its file: an upload, or an address to fetch it from.</summary>
    private static OpenApiSchema Named() => new()
    {
        Type = JsonSchemaType.Object,
        OneOf = [new OpenApiSchema { Required = new HashSet<string> { "upload_id" } }, new OpenApiSchema { Required = new HashSet<string> { "url" } }],
        Properties = Options().Select(field => field.Name == "metadata" ? (field.Name, Schema: Strings(field.Schema.Description)) : field)
            .Prepend((Name: "url", Schema: Text("Where the file is: https, on the public internet.", 2048)))
            .Prepend((Name: "upload_id", Schema: Text("An upload that is complete.", 64)))
            .ToDictionary(field => field.Name, field => (IOpenApiSchema)field.Schema),
    };

    /// <summary>An object of texts.</summary>
    public static OpenApiSchema Strings(string? description) =>
        new() { Type = JsonSchemaType.Object, AdditionalProperties = new OpenApiSchema { Type = JsonSchemaType.String }, Description = description };

    /// <summary>Fields of a form, and parameters where the body is the file.</summary>
    public static IEnumerable<(string Name, OpenApiSchema Schema)> Options(bool batch = false) =>
    [
        ("lane", batch ? Choice("Queue family.", "batch", "interactive") : Choice("Queue family.", "interactive", "batch")),
        ("webhook", Text("Where to post the completion notice: an address, or the id of a webhook endpoint.", 2048)),
        ("profile", Choice("Which thresholds turn the probability into a verdict.", "balanced", "strict", "sensitive")),
        ("heat_maps", new OpenApiSchema { Type = JsonSchemaType.Boolean, Default = JsonValue.Create(true), Description = "Whether heat maps are wanted." }),
        ("retention", Text("How long everything stays after the end: ISO 8601 duration, at most P3650D.", 32)),
        ("reference", Text("Your own name for it; comes back in every answer.", 200)),
        ("metadata", Text("JSON object of at most 16 strings; comes back in every answer.", 16384)),
    ];

    private static OpenApiSchema Text(string description, int length) => new() { Type = JsonSchemaType.String, MaxLength = length, Description = description };

    private static OpenApiSchema Choice(string description, params string[] values) => new()
    {
        Type = JsonSchemaType.String,
        Enum = [.. values.Select(value => (JsonNode)JsonValue.Create(value))],
        Default = JsonValue.Create(values[0]),
        Description = description,
    };
}
