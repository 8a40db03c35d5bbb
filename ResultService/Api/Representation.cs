using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text.Json;
using Deepfake.Contracts;
using Microsoft.Net.Http.Headers;

namespace Deepfake.ResultService.Api;

/// <summary>
/// One JSON document with a strong <c>ETag</c> over its bytes (RFC 9110, section 8.8.3), answered with 304 to a client that has it.
/// Caches may keep it but have to ask before they use it.
/// </summary>
internal sealed class Representation : IResult
{
    private const int TagBytes = 18;
    private readonly byte[] _json;
    private readonly EntityTagHeaderValue _tag;

    private Representation(byte[] json)
    {
        _json = json;
        _tag = new EntityTagHeaderValue($"\"{Base64Url.EncodeToString(SHA256.HashData(json).AsSpan(0, TagBytes))}\"");
    }

    public static Representation Of<T>(T value) => new(JsonSerializer.SerializeToUtf8Bytes(value, DeepfakeJson.Options));

    /// <summary>Whether <c>If-None-Match</c> names this document; weak comparison (section 13.1.2).</summary>
    public bool IsKnownTo(HttpRequest request) =>
        request.GetTypedHeaders().IfNoneMatch.Any(known => known.Equals(EntityTagHeaderValue.Any) || known.Compare(_tag, useStrongComparison: false));

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        var response = httpContext.Response;
        response.Headers.ETag = _tag.ToString();
        response.Headers.CacheControl = "private, no-cache";
        if (IsKnownTo(httpContext.Request))
        {
            response.StatusCode = StatusCodes.Status304NotModified;
            return;
        }

        response.ContentType = "application/json; charset=utf-8";
        response.ContentLength = _json.Length;
        await response.Body.WriteAsync(_json, httpContext.RequestAborted);
    }
}
