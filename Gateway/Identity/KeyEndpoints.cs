using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Mvc;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>
/// Making, listing, rotating and revoking keys. An administrator rules over the keys of one tenant, an operator over all; nobody gives
/// or gets hold of more than they have themselves.
/// </summary>
internal static class KeyEndpoints
{
    private const int Page = 200;

    public static void Map(RouteGroupBuilder group)
    {
        var keys = group.MapGroup("/keys").RequireScope(Scopes.Admin).WithTags("Keys");
        keys.MapPost("", CreateAsync).WithName("CreateKey").WithSummary("Makes an API key; the answer is the only one that shows it.")
            .Produces<NewKey>(201).ProducesProblem(400).ProducesProblem(401).ProducesProblem(403);
        keys.MapGet("", ListAsync).WithName("ListKeys").WithSummary("Lists API keys, the revoked ones too.")
            .Produces<KeyPage>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403);
        keys.MapGet("/{id}", FindAsync).WithName("GetKey").WithSummary("Describes an API key.")
            .Produces<KeyDescription>().ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);
        keys.MapPost("/{id}/rotate", RotateAsync).WithName("RotateKey").WithSummary("Gives a key a new secret; the former one holds for a while.")
            .WithDescription("`grace_seconds`, 0–2,592,000: how long the former secret still holds; 24 h where it is left out. 0 where it leaked.")
            .Produces<NewKey>().ProducesProblem(400).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);
        keys.MapDelete("/{id}", RevokeAsync).WithName("RevokeKey").WithSummary("Revokes a key, everywhere within seconds.")
            .Produces(204).ProducesProblem(401).ProducesProblem(403).ProducesProblem(404);
    }

    private static async Task<IResult> CreateAsync(CreateKey request, HttpContext http, IDocumentStore<ApiKey> keys, TimeProvider time, CancellationToken cancellationToken)
    {
        var caller = http.GetCaller();
        var now = time.GetUtcNow();
        if (request.Complaint(now) is { } complaint) return Problem.Answer(ErrorCodes.InvalidRequest, complaint);
        var tenant = request.Tenant ?? caller.Tenant;
        if (tenant != caller.Tenant && !IsOperator(caller)) return Forbidden("Only an operator makes keys for other tenants.");
        if (request.Limits is not null && !IsOperator(caller)) return Forbidden("Only an operator sets limits.");
        if (Lacking(caller, request.Scopes!) is { } lacking) return Forbidden($"A key can give no scope that it lacks itself: '{lacking}'.");

        // What an operator set for a key holds for the keys that it makes.
        var maker = IsOperator(caller) ? null : http.Features.Get<HeldKey>()?.Key;
        var text = ApiKeyText.Create();
        var key = new ApiKey
        {
            Tenant = tenant,
            Name = request.Name!.Trim(),
            Scopes = [.. request.Scopes!.Distinct().Order(StringComparer.Ordinal)],
            SecretHash = text.Hash(),
            CreatedAt = now,
            ExpiresAt = Earlier(request.ExpiresAt?.ToUniversalTime(), maker?.ExpiresAt),
            Limits = request.Limits ?? maker?.Limits,
        };
        if (!await keys.TryAddAsync(new Document<ApiKey>(KeyRing.Owner, text.Id, key), cancellationToken)) throw new InvalidOperationException("Two keys drew the same id.");
        http.Response.Headers.Location = $"/v1/keys/{text.Id}";
        return TypedResults.Json(new NewKey(text.Reveal(), KeyDescription.Of(text.Id, key)), DeepfakeJson.Options, statusCode: StatusCodes.Status201Created);
    }

    private static async Task<IResult> ListAsync(
        HttpContext http, IDocumentStore<ApiKey> keys, CancellationToken cancellationToken, string? tenant = null, string? cursor = null, int limit = 50)
    {
        var caller = http.GetCaller();
        if (limit is < 1 or > Page) return Problem.Answer(ErrorCodes.InvalidRequest, $"'limit' must be a number from 1 to {Page}.");
        if (cursor is { Length: > 0 } && !ApiKeyText.IsId(cursor)) return Problem.Answer(ErrorCodes.InvalidRequest, "The cursor is not one that this service gave out.");
        if (!IsOperator(caller) && tenant is not null && tenant != caller.Tenant) return Forbidden("Only an operator sees the keys of other tenants.");
        var only = IsOperator(caller) ? tenant : caller.Tenant;
        var found = new List<KeyDescription>(limit);
        for (var after = cursor; ;)
        {
            var page = await keys.ListAsync(KeyRing.Owner, after, Page, cancellationToken);
            foreach (var document in page.Where(document => only is null || document.Value.Tenant == only))
            {
                if (found.Count == limit) return Json(new KeyPage(found, found[^1].Id));
                found.Add(KeyDescription.Of(document.Id, document.Value));
            }

            if (page.Count < Page) return Json(new KeyPage(found, null));
            after = page[^1].Id;
        }
    }

    private static async Task<IResult> FindAsync(string id, HttpContext http, IDocumentStore<ApiKey> keys, CancellationToken cancellationToken) =>
        await LookUpAsync(id, http.GetCaller(), keys, cancellationToken) is { } document ? Json(KeyDescription.Of(id, document.Value)) : NotFound();

    private static async Task<IResult> RotateAsync(
        string id, HttpContext http, IDocumentStore<ApiKey> keys, KeyRing ring, IOptions<IdentityOptions> options, TimeProvider time, CancellationToken cancellationToken,
        [FromQuery(Name = "grace_seconds")] int? graceSeconds = null)
    {
        var grace = graceSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : options.Value.RotationGrace;
        if (grace < TimeSpan.Zero || grace > TimeSpan.FromDays(30)) return Problem.Answer(ErrorCodes.InvalidRequest, "'grace_seconds' is a number from 0 to 2592000.");
        while (await LookUpAsync(id, http.GetCaller(), keys, cancellationToken) is { } document)
        {
            if (Lacking(http.GetCaller(), document.Value.Scopes) is { } lacking) return Forbidden($"The key has a scope that you lack: '{lacking}'.");
            var now = time.GetUtcNow();
            if (!document.Value.HoldsAt(now)) return Problem.Answer(ErrorCodes.InvalidRequest, "The key is revoked or expired; make a new one.");
            var text = ApiKeyText.Renew(id);
            // A zero grace also ends a former secret that was still in its own.
            var key = document.Value with { SecretHash = text.Hash(), FormerHash = document.Value.SecretHash, FormerUntil = now + grace };
            if (!await keys.TryUpdateAsync(document with { Value = key }, cancellationToken)) continue;
            ring.Forget(id);
            return Json(new NewKey(text.Reveal(), KeyDescription.Of(id, key)));
        }

        return NotFound();
    }

    private static async Task<IResult> RevokeAsync(
        string id, HttpContext http, IDocumentStore<ApiKey> keys, KeyRing ring, TimeProvider time, CancellationToken cancellationToken)
    {
        while (await LookUpAsync(id, http.GetCaller(), keys, cancellationToken) is { } document)
        {
            if (Lacking(http.GetCaller(), document.Value.Scopes) is { } lacking) return Forbidden($"The key has a scope that you lack: '{lacking}'.");
            if (document.Value.RevokedAt is null && !await keys.TryUpdateAsync(document with { Value = document.Value with { RevokedAt = time.GetUtcNow() } }, cancellationToken))
                continue;
            ring.Forget(id);
            return TypedResults.NoContent();
        }

        return NotFound();
    }

    private static async Task<Document<ApiKey>?> LookUpAsync(string id, Caller caller, IDocumentStore<ApiKey> keys, CancellationToken cancellationToken) =>
        ApiKeyText.IsId(id) && await keys.FindAsync(KeyRing.Owner, id, cancellationToken) is { } document && (IsOperator(caller) || document.Value.Tenant == caller.Tenant)
            ? document
            : null;

    private static DateTimeOffset? Earlier(DateTimeOffset? asked, DateTimeOffset? makers) => asked is null || asked > makers ? makers ?? asked : asked;

    private static bool IsOperator(Caller caller) => caller.Scopes.Contains(Scopes.Operator);

    private static string? Lacking(Caller caller, IEnumerable<string> scopes) => scopes.FirstOrDefault(scope => !caller.Scopes.Contains(scope));

    private static IResult Forbidden(string detail) => Problem.Answer(ErrorCodes.Forbidden, detail);

    private static IResult NotFound() => Problem.Answer(ErrorCodes.NotFound, "There is no such key.");

    private static JsonHttpResult<T> Json<T>(T value) => TypedResults.Json(value, DeepfakeJson.Options);
}
