using System.Text.Json.Nodes;
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
            if (context.Description.ActionDescriptor.EndpointMetadata.OfType<IEndpointNameMetadata>().Any(name => name.EndpointName == "SubmitAnalysis")) DescribeSubmit(operation);
            return Task.CompletedTask;
        });
    }

    private static void DescribeSubmit(OpenApiOperation operation)
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
                        Properties = new Dictionary<string, IOpenApiSchema> { ["file"] = Binary(), ["lane"] = Lane(), ["webhook_url"] = WebhookUrl() },
                    },
                },
                ["application/octet-stream"] = new() { Schema = Binary() },
            },
        };
        operation.Parameters =
        [
            new OpenApiParameter { Name = "lane", In = ParameterLocation.Query, Schema = Lane(), Description = "Queue family." },
            new OpenApiParameter { Name = "webhook_url", In = ParameterLocation.Query, Schema = WebhookUrl(), Description = "Where to post the completion notice." },
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
            };
        }
    }

    private static OpenApiSchema Binary() => new() { Type = JsonSchemaType.String, Format = "binary", Description = $"One of {MediaTypes.Accepted}." };

    private static OpenApiSchema Lane() => new() { Type = JsonSchemaType.String, Enum = [JsonValue.Create("interactive"), JsonValue.Create("batch")], Default = JsonValue.Create("interactive") };

    private static OpenApiSchema WebhookUrl() => new() { Type = JsonSchemaType.String, Format = "uri", MaxLength = 2048 };
}
