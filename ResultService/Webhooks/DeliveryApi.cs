using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Deepfake.ResultService.Webhooks;

/// <summary>The log of deliveries, tests and replays.</summary>
internal static class DeliveryApi
{
    private const int MostRead = 2000;

    public static void Map(RouteGroupBuilder webhooks)
    {
        webhooks.MapGet("/{webhookId}/deliveries", ListAsync).WithName("ListWebhookDeliveries").WithSummary("Lists the deliveries of an endpoint, newest first.")
            .WithDescription("`status` is `pending`, `delivered` or `failed`. A page may hold fewer than `limit`; go on as long as there is a `next_cursor`.")
            .Produces<WebhookDeliveryPage>().ProducesProblem(400).ProducesProblem(404);
        webhooks.MapPost("/{webhookId}/test", TestAsync).WithName("TestWebhook").WithSummary("Sends a notice `webhook.test` at once, once, and answers what came of it.")
            .Produces<WebhookDelivery>().ProducesProblem(400).ProducesProblem(404).ProducesProblem(429);
        webhooks.MapGet("/deliveries/{deliveryId}", FindAsync).WithName("GetWebhookDelivery").WithSummary("Answers a delivery.")
            .Produces<WebhookDelivery>().ProducesProblem(404);
        webhooks.MapPost("/deliveries/{deliveryId}/replay", ReplayAsync).WithName("ReplayWebhookDelivery").WithSummary("Sends a delivery again, with the same `webhook-id` and the whole schedule.")
            .Produces<WebhookDelivery>(202).ProducesProblem(404).ProducesProblem(409);
    }

    private static async Task<IResult> ListAsync(
        string webhookId, HttpContext http, EndpointRegistry endpoints, IDocumentStore<Delivery> deliveries, CancellationToken cancellationToken,
        string? cursor = null, string? limit = null, string? status = null)
    {
        var tenant = http.GetCaller().Tenant;
        if (!DeliveryIds.IsEndpoint(webhookId) || await endpoints.FindAsync(tenant, webhookId, cancellationToken) is null) return WebhookApi.NotFound();
        var entries = 50;
        if (!string.IsNullOrEmpty(limit) && (!int.TryParse(limit, NumberStyles.None, CultureInfo.InvariantCulture, out entries) || entries is < 1 or > 200))
            return Problem.Answer(ErrorCodes.InvalidRequest, "'limit' must be a number from 1 to 200.");
        DeliveryStatus? only = status switch { "pending" => DeliveryStatus.Pending, "delivered" => DeliveryStatus.Delivered, "failed" => DeliveryStatus.Failed, _ => null };
        if (!string.IsNullOrEmpty(status) && only is null) return Problem.Answer(ErrorCodes.InvalidRequest, "'status' must be one of: pending, delivered, failed.");
        var start = DeliveryIds.Start(webhookId);
        if (!string.IsNullOrEmpty(cursor) && !(DeliveryIds.IsDelivery(cursor) && cursor.StartsWith(start, StringComparison.Ordinal)))
            return Problem.Answer(ErrorCodes.InvalidRequest, "The cursor is not one that this service gave out.");

        return Json(await ReadAsync(deliveries, tenant, start, string.IsNullOrEmpty(cursor) ? start : cursor, entries, only, cancellationToken), StatusCodes.Status200OK);
    }

    // The ids of an endpoint lie together: read on from the cursor until the page is full, the endpoint ends, or it has been enough.
    private static async Task<WebhookDeliveryPage> ReadAsync(
        IDocumentStore<Delivery> deliveries, string tenant, string start, string after, int limit, DeliveryStatus? only, CancellationToken cancellationToken)
    {
        var items = new List<WebhookDelivery>();
        for (var read = 0; read < MostRead;)
        {
            var page = await deliveries.ListAsync(tenant, after, only is null ? limit + 1 - items.Count : 200, cancellationToken);
            foreach (var document in page)
            {
                if (!document.Id.StartsWith(start, StringComparison.Ordinal)) return new WebhookDeliveryPage(items, null);
                if (items.Count == limit) return new WebhookDeliveryPage(items, after);
                if (only is null || document.Value.Status == only) items.Add(WebhookDelivery.Of(document));
                after = document.Id;
            }

            if (page.Count == 0) return new WebhookDeliveryPage(items, null);
            read += page.Count;
        }

        return new WebhookDeliveryPage(items, after);
    }

    private static async Task<IResult> TestAsync(
        string webhookId, HttpContext http, EndpointRegistry endpoints, IDocumentStore<Delivery> deliveries, DeliveryCourier courier, TenantShares shares, TimeProvider time,
        CancellationToken cancellationToken)
    {
        var tenant = http.GetCaller().Tenant;
        if (!DeliveryIds.IsEndpoint(webhookId) || await endpoints.FindAsync(tenant, webhookId, cancellationToken) is not { } endpoint) return WebhookApi.NotFound();
        if (endpoint.Value.Url is null) return Problem.Answer(ErrorCodes.InvalidRequest, "'default' has no address to send a test to.");

        var now = time.GetUtcNow();
        var messageId = "msg_test_" + RandomNumberGenerator.GetHexString(24, lowercase: true);
        var plan = courier.Hold(new Document<Delivery>(tenant, DeliveryIds.Of(webhookId, now, messageId), new Delivery
        {
            EndpointId = webhookId,
            EventType = EventTypes.Test,
            MessageId = messageId,
            CreatedAt = now,
            NextAttemptAt = now,
            TraceParent = Activity.Current?.Id,
        }));
        if (!shares.TryEnter(tenant)) return Problem.Answer(ErrorCodes.RateLimited, "Too many deliveries are on their way.", retryAfter: TimeSpan.FromSeconds(5));
        try
        {
            await deliveries.TryAddAsync(plan, cancellationToken);
            // Not with the client: an attempt that was begun is written down.
            await courier.CarryAsync(plan with { Version = 1 }, CancellationToken.None);
        }
        finally
        {
            shares.Leave(tenant);
        }

        return await deliveries.FindAsync(tenant, plan.Id, cancellationToken) is { } sent ? Json(WebhookDelivery.Of(sent), StatusCodes.Status200OK) : WebhookApi.NotFound();
    }

    private static async Task<IResult> FindAsync(string deliveryId, HttpContext http, IDocumentStore<Delivery> deliveries, CancellationToken cancellationToken) =>
        DeliveryIds.IsDelivery(deliveryId) && await deliveries.FindAsync(http.GetCaller().Tenant, deliveryId, cancellationToken) is { } delivery
            ? Json(WebhookDelivery.Of(delivery), StatusCodes.Status200OK)
            : NoDelivery();

    private static async Task<IResult> ReplayAsync(
        string deliveryId, HttpContext http, IDocumentStore<Delivery> deliveries, DeliverySignal signal, TimeProvider time, CancellationToken cancellationToken)
    {
        if (!DeliveryIds.IsDelivery(deliveryId) || await deliveries.FindAsync(http.GetCaller().Tenant, deliveryId, cancellationToken) is not { } delivery) return NoDelivery();
        var now = time.GetUtcNow();
        var replayed = delivery with { Value = delivery.Value.Replay(now), Due = now };
        if (delivery.Value.LeasedUntil > now || !await deliveries.TryUpdateAsync(replayed, cancellationToken))
            return Problem.Answer(ErrorCodes.DeliveryInProgress, "The delivery is being sent at this moment.");
        signal.Raise();
        return Json(WebhookDelivery.Of(replayed), StatusCodes.Status202Accepted);
    }

    private static IResult NoDelivery() => Problem.Answer(ErrorCodes.NotFound, "There is no such delivery.");

    private static JsonHttpResult<T> Json<T>(T value, int status) => TypedResults.Json(value, DeepfakeJson.Options, statusCode: status);
}
