using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.OpenApi;
using Microsoft.OpenApi;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>Says in OpenAPI documents which operations ask for an API key, and which scope it needs.</summary>
public static class KeyDocumentation
{
    private const string Scheme = "apiKey";

    /// <summary>Extension of an operation: the scope that its caller's key needs.</summary>
    public const string ScopeExtension = "x-required-scope";

    /// <summary>Adds the scheme, and to each operation what it asks for and the answers 401, 403 and 429.</summary>
    public static void DescribeKeys(this OpenApiOptions options)
    {
        options.AddDocumentTransformer((document, _, _) =>
        {
            document.Components ??= new OpenApiComponents();
            document.Components.SecuritySchemes ??= new Dictionary<string, IOpenApiSecurityScheme>();
            document.Components.SecuritySchemes[Scheme] = new OpenApiSecurityScheme
            {
                Type = SecuritySchemeType.Http,
                Scheme = "bearer",
                Description = "An API key, `dfk_…`; `X-Api-Key` takes it as well. On the machine of an embedded host none is needed.",
            };
            return Task.CompletedTask;
        });
        options.AddOperationTransformer((operation, context, _) =>
        {
            var metadata = context.Description.ActionDescriptor.EndpointMetadata;
            if (metadata.OfType<IAllowAnonymous>().Any()) return Task.CompletedTask;
            operation.Security = [new OpenApiSecurityRequirement { [new OpenApiSecuritySchemeReference(Scheme, context.Document)] = [] }];
            Answer(operation, "401", "No valid API key");
            Answer(operation, "429", "Too many requests");
            foreach (var scope in metadata.OfType<IAuthorizeData>().Select(data => data.Policy).OfType<string>().Where(Scopes.All.Contains))
            {
                operation.Extensions ??= new Dictionary<string, IOpenApiExtension>();
                operation.Extensions[ScopeExtension] = new JsonNodeExtension(scope);
                operation.Description = $"{operation.Description} Scope: `{scope}`.".TrimStart();
                Answer(operation, "403", "Not allowed");
            }

            return Task.CompletedTask;
        });
    }

    private static void Answer(OpenApiOperation operation, string status, string text)
    {
        operation.Responses ??= new OpenApiResponses();
        operation.Responses.TryAdd(status, new OpenApiResponse { Description = text });
    }
}
