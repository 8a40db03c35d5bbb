using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Managing endpoints.</summary>
internal static class WebhookApi
{
    private const int MaxUrl = 2048;
    private const int MaxDescription = 500;
    private const int MaxBody = 16 * 1024;

    public static void Map(RouteGroupBuilder group)
    {
        var webhooks = group.MapGroup("/webhooks").WithTags("Webhooks").RequireScope(Scopes.Webhooks).WithMetadata(new BodyLimit(MaxBody));
        webhooks.MapGet("", ListAsync).WithName("ListWebhooks").WithSummary("Lists the endpoints of the tenant.").Produces<WebhookList>();
        webhooks.MapPost("", AddAsync).WithName("AddWebhook").WithSummary("Adds an endpoint; the answer shows its secret, once.")
            .WithDescription("Notices follow Standard Webhooks 1.0. `event_types` limits what it is told of; empty for everything.")
            .Produces<Webhook>(201).ProducesProblem(400).ProducesProblem(409);
        webhooks.MapGet("/{webhookId}", FindAsync).WithName("GetWebhook").WithSummary("Answers an endpoint.")
            .WithDescription("`default` stands for the addresses that analyses name themselves (`webhook_url`).")
            .Produces<Webhook>().ProducesProblem(404);
        webhooks.MapPatch("/{webhookId}", ChangeAsync).WithName("ChangeWebhook").WithSummary("Changes an endpoint; what is left out stays.")
            .Produces<Webhook>().ProducesProblem(400).ProducesProblem(404);
        webhooks.MapDelete("/{webhookId}", RemoveAsync).WithName("RemoveWebhook").WithSummary("Removes an endpoint; what is due for it is dropped. Of `default`, removes the tenant's secret.")
            .Produces(204).ProducesProblem(404);
        webhooks.MapPost("/{webhookId}/rotate", RotateAsync).WithName("RotateWebhookSecret").WithSummary("Gives an endpoint a new secret; the answer shows it, once.")
            .WithDescription("For 24 hours notices carry a signature of the former secret as well. A `secret` in the body is taken, otherwise one is made.")
            .Produces<Webhook>().ProducesProblem(400).ProducesProblem(404);
        DeliveryApi.Map(webhooks);
    }

    public static IResult NotFound() => Problem.Answer(ErrorCodes.NotFound, "There is no such webhook.");

    private static async Task<IResult> ListAsync(HttpContext http, EndpointRegistry endpoints, TimeProvider time, CancellationToken cancellationToken) =>
        Json(new WebhookList([.. (await endpoints.ListAsync(http.GetCaller().Tenant, cancellationToken)).Select(endpoint => Webhook.Of(endpoint.Id, endpoint.Value, time.GetUtcNow()))]));

    private static async Task<IResult> AddAsync(
        WebhookInput input, HttpContext http, EndpointRegistry endpoints, WebhookSender sender, IOptions<WebhookOptions> options, TimeProvider time, CancellationToken cancellationToken)
    {
        if (input.Url is null) return Invalid("'url' is missing.");
        if (Complaint(input, sender) is { } complaint) return Invalid(complaint);
        var now = time.GetUtcNow();
        var endpoint = Apply(input, new WebhookEndpoint { CreatedAt = now, UpdatedAt = now, Secrets = [new SigningSecret(input.Secret ?? WebhookSignature.NewSecret(), null)] });
        if (await endpoints.AddAsync(http.GetCaller().Tenant, endpoint, cancellationToken) is not { } added)
            return Problem.Answer(ErrorCodes.WebhookLimitReached, $"There are {options.Value.EndpointsPerTenant} webhooks already.");
        http.Response.Headers.Location = $"/v1/webhooks/{added.Id}";
        return Json(Webhook.Of(added.Id, added.Value, now, withSecret: true), StatusCodes.Status201Created);
    }

    private static async Task<IResult> FindAsync(string webhookId, HttpContext http, EndpointRegistry endpoints, TimeProvider time, CancellationToken cancellationToken) =>
        DeliveryIds.IsEndpoint(webhookId) && await endpoints.FindAsync(http.GetCaller().Tenant, webhookId, cancellationToken) is { } endpoint
            ? Json(Webhook.Of(webhookId, endpoint.Value, time.GetUtcNow()))
            : NotFound();

    private static async Task<IResult> ChangeAsync(
        string webhookId, WebhookInput input, HttpContext http, EndpointRegistry endpoints, WebhookSender sender, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!DeliveryIds.IsEndpoint(webhookId)) return NotFound();
        if (input.Secret is not null) return Invalid("A secret is changed by rotating it.");
        if (input.Url is not null && webhookId == WebhookEndpoint.DefaultId) return Invalid("'default' has no address: analyses bring theirs.");
        if (Complaint(input, sender) is { } complaint) return Invalid(complaint);
        var now = time.GetUtcNow();
        var changed = await endpoints.ChangeAsync(http.GetCaller().Tenant, webhookId, endpoint => Apply(input, endpoint) with { UpdatedAt = now }, cancellationToken);
        return changed is null ? NotFound() : Json(Webhook.Of(webhookId, changed, now));
    }

    private static async Task<IResult> RemoveAsync(string webhookId, HttpContext http, EndpointRegistry endpoints, CancellationToken cancellationToken) =>
        DeliveryIds.IsEndpoint(webhookId) && await endpoints.RemoveAsync(http.GetCaller().Tenant, webhookId, cancellationToken) ? TypedResults.NoContent() : NotFound();

    private static async Task<IResult> RotateAsync(
        string webhookId, HttpContext http, EndpointRegistry endpoints, WebhookSender sender, TimeProvider time, CancellationToken cancellationToken, WebhookInput? input = null)
    {
        if (!DeliveryIds.IsEndpoint(webhookId)) return NotFound();
        if (input is not null && Complaint(input with { Url = null }, sender) is { } complaint) return Invalid(complaint);
        var rotated = await endpoints.RotateAsync(http.GetCaller().Tenant, webhookId, input?.Secret ?? WebhookSignature.NewSecret(), cancellationToken);
        return rotated is null ? NotFound() : Json(Webhook.Of(webhookId, rotated, time.GetUtcNow(), withSecret: true));
    }

    private static WebhookEndpoint Apply(WebhookInput input, WebhookEndpoint endpoint) => (endpoint with
    {
        Url = input.Url is { } url ? new Uri(url).AbsoluteUri : endpoint.Url,
        Description = input.Description ?? endpoint.Description,
        EventTypes = input.EventTypes is { } types ? [.. types.Distinct()] : endpoint.EventTypes,
    }).Switch(input.Enabled ?? endpoint.Enabled);

    private static string? Complaint(WebhookInput input, WebhookSender sender)
    {
        // Whether a name leads somewhere public is decided when it is called: names change.
        if (input.Url is { } url && (url.Length > MaxUrl ? "it is too long" : sender.Refuse(url)) is { } refusal) return $"'url' must be a public https address of at most {MaxUrl} characters: {refusal}.";
        if (input.Description?.Length > MaxDescription) return $"'description' may have at most {MaxDescription} characters.";
        if (input.EventTypes?.Any(type => !EventTypes.All.Contains(type)) == true) return $"'event_types' may hold {string.Join(", ", EventTypes.All)}, not '{string.Join("', '", input.EventTypes.Except(EventTypes.All))}'.";
        return input.Secret is { } secret && !WebhookSignature.TryReadSecret(secret, out _) ? "'secret' must be 'whsec_' and 24 to 64 bytes in base64." : null;
    }

    private static IResult Invalid(string detail) => Problem.Answer(ErrorCodes.InvalidRequest, detail);

    private static JsonHttpResult<T> Json<T>(T value, int status = StatusCodes.Status200OK) => TypedResults.Json(value, DeepfakeJson.Options, statusCode: status);

    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}
