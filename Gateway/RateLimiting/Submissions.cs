namespace Deepfake.Gateway.RateLimiting;

/// <summary>Requests that count as an upload: each begins an analysis or a batch of them.</summary>
internal static class Submissions
{
    private static readonly HashSet<string> Paths = new(StringComparer.OrdinalIgnoreCase)
    {
        "/v1/analyses", "/v1/batches", "/predict", "/predict/batch", "/predict/image", "/predict/video", "/upload", "/api/analyze",
    };

    public static bool Contains(HttpRequest request) => HttpMethods.IsPost(request.Method) && Paths.Contains(request.Path.Value!.TrimEnd('/'));
}
