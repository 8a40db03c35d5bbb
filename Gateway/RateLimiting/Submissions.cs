namespace Deepfake.Gateway.RateLimiting;

/// <summary>Requests that count as an upload: each begins an analysis or a batch of them.</summary>
internal static class Submissions
{
    private static readonly HashSet<string> Paths = new(StringComparer.OrdinalIgnoreCase)
    {
        "/v1/analyses", "/v1/batches", "/predict", "/predict/batch", "/predict/image", "/predict/video", "/upload", "/api/analyze",
    };

    public static bool Contains(HttpRequest request)
    {
        if (!HttpMethods.IsPost(request.Method)) return false;
        var path = request.Path.Value!.TrimEnd('/');
        return Paths.Contains(path) || (string.Equals(path, "/v1/uploads", StringComparison.OrdinalIgnoreCase) && IsToBeAnalysed(request.Headers["Upload-Metadata"].ToString()));
    }

    /// <summary>A resumable upload that submits itself when it is complete; others are counted when they are submitted.</summary>
    private static bool IsToBeAnalysed(string metadata) =>
        metadata.Split(',').Any(pair => pair.Trim().StartsWith("analyze ", StringComparison.OrdinalIgnoreCase));
}
