using System.Text.Json.Nodes;
using Deepfake.IngestService.Submission;
using Microsoft.OpenApi;

namespace Deepfake.IngestService.Compat;

/// <summary>Describes what the earlier systems' addresses take and answer, where no signature shows it.</summary>
internal static class OldDocumentation
{
    /// <summary>Name of the operation that takes several files.</summary>
    public const string Batch = "PredictBatch";

    private static readonly HashSet<string> Files = ["Analyze", "Predict", "PredictImage", "PredictVideo", "UploadVideo"];

    /// <summary>Adds bodies and examples, if the operation is one of these.</summary>
    public static void Describe(string? name, OpenApiOperation operation)
    {
        if (name is null) return;
        if (Files.Contains(name)) SubmitDocumentation.DescribeSubmit(operation, isNamed: false);
        else if (name == Batch) DescribeBatch(operation);
    }

    private static void DescribeBatch(OpenApiOperation operation)
    {
        var fields = SubmitDocumentation.Options().ToDictionary(field => field.Name, field => (IOpenApiSchema)field.Schema);
        fields["files"] = new OpenApiSchema { Type = JsonSchemaType.Array, Items = SubmitDocumentation.Binary() };
        operation.RequestBody = new OpenApiRequestBody
        {
            Required = true,
            Content = new Dictionary<string, OpenApiMediaType>
            {
                ["multipart/form-data"] = new() { Schema = new OpenApiSchema { Type = JsonSchemaType.Object, Required = new HashSet<string> { "files" }, Properties = fields } },
            },
        };
        operation.Parameters = [SubmitDocumentation.Reuse(), SubmitDocumentation.Key()];
        if (operation.Responses?.GetValueOrDefault("200") is not OpenApiResponse { Content: { } content } answer) return;
        answer.Description = "One entry a file, in their order; where a file failed: `filename`, `error` and `code`.";
        content["application/json"] = new OpenApiMediaType
        {
            Schema = new OpenApiSchema { Type = JsonSchemaType.Array, Items = new OpenApiSchema { Type = JsonSchemaType.Object } },
            Example = JsonNode.Parse("""
                [
                  {
                    "prediction": "Real", "confidence": 40.2, "explanation": "No evidence of manipulation above the threshold.", "filename": "face.jpg",
                    "model": "swap-mobilenet 1.0.0 + texture 1.0.0", "device": "cpu", "grad_cam_available": true,
                    "analysis_id": "an_01m7yxj7jztbfr1jmxpcg5qn8c", "verdict": "authentic", "reasons": ["low_face_score"]
                  },
                  { "filename": "notes.txt", "error": "The content is none of the accepted formats.", "code": "unsupported_media" }
                ]
                """),
        };
    }
}
