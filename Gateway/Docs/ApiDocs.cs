using Swashbuckle.AspNetCore.SwaggerUI;

namespace Deepfake.Gateway.Docs;

/// <summary>The interactive page of the API at <c>/docs</c>.</summary>
public static class ApiDocs
{
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
            ConfigObject = new ConfigObject { Urls = [new UrlDescriptor { Name = "Deepfake.Aspire", Url = ApiDocument.Path }] },
        });
        app.MapMethods("/docs/{**path}", ["GET", "HEAD"], pipeline.Build()).AllowAnonymous().ExcludeFromDescription();
        return app;
    }
}
