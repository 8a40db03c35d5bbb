using System.Reflection;
using Deepfake.Contracts;
using Deepfake.Gateway.Docs;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.Net.Http.Headers;

namespace Deepfake.Gateway.Page;

/// <summary>Serves the page and its files, and at <c>/</c> a small document to clients that are no browser.</summary>
public static class PageEndpoints
{
    private const string NotBuilt =
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Deepfake.Aspire</title><h1>The page is not built</h1>"
        + "<p>The API is running; see <a href=\"/docs/index.html\">its documents</a>. Build the page with <code>./run</code>, or <code>npm run build</code> in <code>web/</code>.</p></html>";

    /// <summary>Paths of the API and of documents: what is missing there is an error, never the page.</summary>
    private static readonly string[] Reserved = ["/v1", "/api", "/openapi", "/docs", "/assets", "/health", "/alive"];

    /// <summary>Adds what serving the page needs.</summary>
    public static IHostApplicationBuilder AddPage(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<PageOptions>().BindConfiguration(PageOptions.Section);
        builder.Services.AddSingleton<PageRoot>();
        // Only the page's files pass through it: they hold no secrets that compression could leak.
        builder.Services.AddResponseCompression(compression => compression.EnableForHttps = true);
        return builder;
    }

    /// <summary>Maps <c>GET /</c> and, after all other routes, the page's files and addresses.</summary>
    public static IEndpointRouteBuilder MapPage(this IEndpointRouteBuilder app)
    {
        var root = app.ServiceProvider.GetRequiredService<PageRoot>();
        var pipeline = app.CreateApplicationBuilder();
        pipeline.Use((context, next) =>
        {
            context.SetEndpoint(null); // or the static files stand back
            return next(context);
        });
        pipeline.UseResponseCompression();
        pipeline.UseStaticFiles(new StaticFileOptions { FileProvider = root.Files, OnPrepareResponse = file => SetCaching(file.Context) });
        pipeline.Run(context => Problem.Answer(ErrorCodes.NotFound, "There is nothing at this address.").ExecuteAsync(context));
        var files = pipeline.Build();

        app.MapMethods("/", ["GET", "HEAD"], context => WantsHtml(context.Request) ? SendPageAsync(context, root, files) : SendDocumentAsync(context))
            .AllowAnonymous().ExcludeFromDescription();
        app.MapMethods("/{**path}", ["GET", "HEAD"], context => IsPageAddress(context.Request) ? SendPageAsync(context, root, files) : files(context))
            .AllowAnonymous().ExcludeFromDescription().WithOrder(int.MaxValue);
        // What there is not below /v1 is told to callers only.
        app.MapMethods("/v1/{**path}", ["GET", "HEAD"], context => files(context)).RequireAuthorization().ExcludeFromDescription().WithOrder(int.MaxValue);
        return app;
    }

    private static Task SendPageAsync(HttpContext context, PageRoot root, RequestDelegate files)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        if (!root.Files.GetFileInfo("index.html").Exists)
            return TypedResults.Content(NotBuilt, "text/html; charset=utf-8", statusCode: StatusCodes.Status404NotFound).ExecuteAsync(context);
        context.Request.Path = "/index.html";
        return files(context);
    }

    private static Task SendDocumentAsync(HttpContext context)
    {
        context.Response.Headers.Append(HeaderNames.Vary, HeaderNames.Accept);
        var document = new ServiceDocument(
            "Deepfake.Aspire", Version, "running",
            ["POST /v1/analyses", "GET /v1/analyses", "GET /v1/analyses/{id}", "GET /v1/analyses/{id}/events", "DELETE /v1/analyses/{id}"],
            "/api/models/info", "/docs/index.html", ApiDocument.Path);
        return TypedResults.Json(document, DeepfakeJson.Options).ExecuteAsync(context);
    }

    private static string Version { get; } =
        typeof(PageEndpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>The bundler puts a hash of the content into the names below /assets; everything else may change under its name.</summary>
    private static void SetCaching(HttpContext context)
    {
        var path = context.Request.Path;
        context.Response.Headers.CacheControl = path.StartsWithSegments("/assets", StringComparison.OrdinalIgnoreCase) ? "public, max-age=31536000, immutable"
            : path.Value!.EndsWith(".html", StringComparison.OrdinalIgnoreCase) ? "no-cache"
            : "public, max-age=3600";
    }

    private static bool WantsHtml(HttpRequest request) =>
        request.GetTypedHeaders().Accept.Any(accept => accept.MediaType.Equals("text/html", StringComparison.OrdinalIgnoreCase) && accept.Quality is not 0);

    /// <summary>The page has addresses of its own (such as one analysis), which only it knows: it is sent for all that look so.</summary>
    private static bool IsPageAddress(HttpRequest request) =>
        WantsHtml(request) && !Path.HasExtension(request.Path) && !Reserved.Any(prefix => request.Path.StartsWithSegments(prefix, StringComparison.OrdinalIgnoreCase));

    private sealed record ServiceDocument(string Service, string Version, string Status, IEnumerable<string> Endpoints, string Models, string Docs, string Openapi);
}
