using Deepfake.Contracts;
using Deepfake.Gateway.RateLimiting;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// Sessions of the page: a key is exchanged for a cookie that scripts cannot read, so that the page keeps no key. The cookie counts only
/// in requests of this origin's own pages.
/// </summary>
internal static class SessionEndpoints
{
    public const string Cookie = "deepfake_session";
    private const int MostBytes = 4096; // from anybody: a key is short

    public static void Map(RouteGroupBuilder group)
    {
        group.MapPost("/session", BeginAsync).WithMetadata(new RequestSizeLimitAttribute(MostBytes))
            .WithName("BeginSession").WithTags("Session").AllowAnonymous().WithSummary("Exchanges a key for a session cookie, for pages in a browser.")
            .Produces<Me>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(413).ProducesProblem(429);
        group.MapDelete("/session", EndAsync).WithName("EndSession").WithTags("Session").AllowAnonymous().WithSummary("Ends the session and takes its cookie back.")
            .Produces(204).ProducesProblem(403);
    }

    private static async Task<IResult> BeginAsync(
        BeginSession request, HttpContext http, KeyRing ring, IDocumentStore<Session> sessions, IOptions<IdentityOptions> options, WrongKeys wrongKeys, MeEndpoint me, TimeProvider time,
        CancellationToken cancellationToken)
    {
        if (!RequestOrigin.IsOwn(http.Request, [], trustSilence: true)) return OtherOrigin();
        if (!ApiKeyText.TryParse(request.Key?.Trim(), out var text))
            return await wrongKeys.CountAsync(http) ?? Problem.Answer(ErrorCodes.Unauthenticated, "The API key is mistyped: its form or checksum is wrong.");
        if (await ring.FindAsync(text, cancellationToken) is not { } held)
            return await wrongKeys.CountAsync(http) ?? Problem.Answer(ErrorCodes.Unauthenticated, "The API key is unknown, expired or revoked.");

        var ends = time.GetUtcNow() + options.Value.SessionLife;
        if (held.Key.ExpiresAt is { } keyEnds && keyEnds < ends) ends = keyEnds;
        var token = SessionToken.Create();
        if (!await sessions.TryAddAsync(new Document<Session>(KeyRing.Owner, SessionToken.Id(token)!, new Session(held.Id, text.Hash(), ends), ends), cancellationToken))
            throw new InvalidOperationException("Two sessions drew the same token.");
        http.Response.Cookies.Append(Cookie, token, Options(http.Request, ends));
        return TypedResults.Json(me.Describe(held), DeepfakeJson.Options);
    }

    private static async Task<IResult> EndAsync(HttpContext http, KeyRing ring, IDocumentStore<Session> sessions, CancellationToken cancellationToken)
    {
        if (!RequestOrigin.IsOwn(http.Request, [], trustSilence: true)) return OtherOrigin();
        if (http.Request.Cookies[Cookie] is { } token && SessionToken.Id(token) is { } id)
        {
            await sessions.TryDeleteAsync(KeyRing.Owner, id, null, cancellationToken);
            ring.ForgetSession(id);
        }

        http.Response.Cookies.Delete(Cookie, Options(http.Request, null));
        return TypedResults.NoContent();
    }

    private static CookieOptions Options(HttpRequest request, DateTimeOffset? ends) => new()
    {
        HttpOnly = true,
        SameSite = SameSiteMode.Strict,
        // What a proxy in front says can only make the cookie stricter.
        Secure = request.IsHttps || string.Equals(request.Headers["X-Forwarded-Proto"], "https", StringComparison.OrdinalIgnoreCase),
        Path = "/",
        Expires = ends,
        IsEssential = true,
    };

    private static IResult OtherOrigin() => Problem.Answer(ErrorCodes.Forbidden, "Sessions are for this origin's own pages.");
}

/// <summary>A key to exchange for a session.</summary>
public sealed record BeginSession
{
    /// <summary>The whole key.</summary>
    public string? Key { get; init; }
}
