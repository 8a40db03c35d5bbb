using Swashbuckle.AspNetCore.SwaggerUI;

namespace Deepfake.Gateway.Docs;

/// <summary>The interactive API documents at <c>/docs</c>. Each service serves its own OpenAPI document; the page lists them.</summary>
public static class ApiDocs
{
    /// <summary>Addresses of the OpenAPI documents, by name.</summary>
    internal static readonly IReadOnlyDictionary<string, string> Documents = new Dictionary<string, string>
    {
        ["Submit"] = "/openapi/ingest.json",
        ["Results"] = "/openapi/result.json",
        ["Identity"] = "/openapi/identity.json",
    };

    /// <summary>Maps <c>/docs</c>.</summary>
    public static IEndpointRouteBuilder MapApiDocs(this IEndpointRouteBuilder app)
    {
        var pipeline = app.CreateApplicationBuilder();
        // The files are served by middleware, which stands back where an endpoint was chosen.
        pipeline.Use((context, next) =>
        {
            context.SetEndpoint(null);
            return next(context);
        });
        pipeline.UseSwaggerUI(new SwaggerUIOptions
        {
            RoutePrefix = "docs",
            DocumentTitle = "Deepfake.Aspire API",
            ConfigObject = new ConfigObject { Urls = Documents.Select(document => new UrlDescriptor { Name = document.Key, Url = document.Value }) },
        });
        app.MapMethods("/docs/{**path}", ["GET", "HEAD"], pipeline.Build()).ExcludeFromDescription();
        return app;
    }
}
