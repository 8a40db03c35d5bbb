namespace Deepfake.Gateway.Security;

/// <summary>
/// Which other origins' pages may call the API (CORS). None, unless <c>CORS_ORIGINS</c> names them. They bring a key of their own: cookies
/// are never let in from elsewhere (no credentials mode), and a session counts on this origin only.
/// </summary>
internal static class Origins
{
    public static void AddOrigins(this IHostApplicationBuilder builder)
    {
        var origins = (builder.Configuration["CORS_ORIGINS"] ?? "").Split([',', ' ', ';'], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        foreach (var origin in origins.Where(origin => origin != "*"))
        {
            if (!Uri.TryCreate(origin, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https") || uri.PathAndQuery != "/" || origin.EndsWith('/'))
                throw new InvalidOperationException($"CORS_ORIGINS: '{origin}' is no origin (such as https://example.org), nor '*'.");
        }

        builder.Services.AddSingleton(new NamedOrigins([.. origins.Where(origin => origin != "*")]));
        builder.Services.AddCors(cors => cors.AddDefaultPolicy(policy =>
        {
            if (origins.Contains("*")) policy.AllowAnyOrigin();
            else policy.WithOrigins(origins);
            policy.WithMethods("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE").AllowAnyHeader()
                .WithExposedHeaders(
                    "Location", "Retry-After", "ETag", "RateLimit", "RateLimit-Policy", "WWW-Authenticate", "Idempotent-Replayed", "Analysis-Reused", "Analysis-Location",
                    "Tus-Resumable", "Tus-Version", "Tus-Extension", "Tus-Max-Size", "Tus-Checksum-Algorithm", "Upload-Offset", "Upload-Length", "Upload-Expires", "Upload-Metadata")
                .SetPreflightMaxAge(TimeSpan.FromMinutes(10));
        }));
    }
}

/// <summary>The origins named one by one: those a person at this machine may use without a key. "*" is nobody in particular.</summary>
/// <param name="All">Scheme, host and port each.</param>
internal sealed record NamedOrigins(IReadOnlyCollection<string> All);
