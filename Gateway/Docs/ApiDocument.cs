using System.Security.Cryptography;
using Microsoft.Net.Http.Headers;

namespace Deepfake.Gateway.Docs;

/// <summary>
/// The OpenAPI document of the whole product at <c>/openapi.json</c>: the copy in <c>docs/</c>, which is built in. So it is the same wherever
/// it is read, also while a service is away. <see cref="ApiContract"/> makes it, a test holds it against what the services describe.
/// </summary>
public static class ApiDocument
{
    /// <summary>Where it is served.</summary>
    public const string Path = "/openapi.json";

    private static readonly byte[] Content = Read();
    private static readonly EntityTagHeaderValue Tag = new($"\"{Convert.ToHexStringLower(SHA256.HashData(Content))[..32]}\"");

    /// <summary>Maps <see cref="Path"/>.</summary>
    public static IEndpointRouteBuilder MapApiDocument(this IEndpointRouteBuilder app)
    {
        app.MapMethods(Path, ["GET", "HEAD"], (HttpContext http) =>
        {
            http.Response.Headers.CacheControl = "no-cache";
            return TypedResults.Bytes(Content, "application/json", entityTag: Tag);
        }).AllowAnonymous().ExcludeFromDescription();
        return app;
    }

    private static byte[] Read()
    {
        using var resource = typeof(ApiDocument).Assembly.GetManifestResourceStream("openapi.json")!;
        using var copy = new MemoryStream();
        resource.CopyTo(copy);
        return copy.ToArray();
    }
}
