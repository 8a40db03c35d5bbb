using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Deepfake.ServiceDefaults.Description;

/// <summary>Says in OpenAPI documents of what type the answers are that no .NET type stands for: tables, pictures, streams of events.</summary>
public static class AnswerDocumentation
{
    /// <summary>Adds the content types that endpoints name without a type.</summary>
    public static void DescribeAnswers(this OpenApiOptions options) => options.AddOperationTransformer((operation, context, _) =>
    {
        foreach (var answer in context.Description.ActionDescriptor.EndpointMetadata.OfType<IProducesResponseTypeMetadata>())
        {
            if (answer.Type is not null && answer.Type != typeof(void)) continue;
            if (operation.Responses?.GetValueOrDefault(answer.StatusCode.ToString(System.Globalization.CultureInfo.InvariantCulture)) is not OpenApiResponse response) continue;
            foreach (var type in answer.ContentTypes)
            {
                response.Content ??= new Dictionary<string, OpenApiMediaType>();
                // A media type that is no text is described by its content type alone (OpenAPI 3.1, "Considerations for Binary Data").
                response.Content.TryAdd(type, new OpenApiMediaType { Schema = new OpenApiSchema { Type = type.StartsWith("text/", StringComparison.Ordinal) ? JsonSchemaType.String : null } });
            }
        }

        return Task.CompletedTask;
    });
}
