using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Tracing;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Makes one attempt of one delivery that was leased, and writes down what came of it.</summary>
public sealed partial class DeliveryCourier(
    EndpointRegistry endpoints,
    IDocumentStore<Delivery> deliveries,
    IAnalysisStore analyses,
    IHistoryStore history,
    WebhookSender sender,
    WebhookMetrics metrics,
    IOptions<WebhookOptions> options,
    TimeProvider time,
    ILogger<DeliveryCourier> logger)
{
    // Of a lease, what is not the receiver's: waiting for the turn, reading, writing down.
    private static readonly TimeSpan LeaseMargin = TimeSpan.FromSeconds(15);
    private static readonly TimeSpan WritingTime = TimeSpan.FromSeconds(3);

    /// <summary>A delivery that nobody else may touch until an attempt that begins now must have ended.</summary>
    public Document<Delivery> Hold(Document<Delivery> delivery)
    {
        var until = time.GetUtcNow() + options.Value.Timeout + LeaseMargin;
        return delivery with { Value = delivery.Value with { LeasedUntil = until }, Due = until };
    }

    /// <summary>Takes a delivery for one attempt.</summary>
    /// <returns>Null if somebody else was faster.</returns>
    public async Task<Document<Delivery>?> LeaseAsync(Document<Delivery> delivery, CancellationToken cancellationToken)
    {
        var held = Hold(delivery);
        return await deliveries.TryUpdateAsync(held, cancellationToken) ? held with { Version = held.Version + 1 } : null;
    }

    /// <summary>Makes the attempt.</summary>
    /// <returns>How long the receiver took; null if it was not asked.</returns>
    public async Task<TimeSpan?> CarryAsync(Document<Delivery> leased, CancellationToken cancellationToken)
    {
        // It has waited for its turn, or the stores were slow: once the lease is over somebody else may have begun.
        if (time.GetUtcNow() + options.Value.Timeout + WritingTime > leased.Value.LeasedUntil)
        {
            if (await LeaseAsync(leased, cancellationToken) is not { } again) return null;
            leased = again;
        }

        var delivery = leased.Value;
        // Attempts come minutes to days after the verdict: traces of their own, linked to the one they tell of.
        var submitted = ActivityContext.TryParse(delivery.TraceParent, null, isRemote: true, out var context) ? context : default;
        using var activity = Telemetry.StartLinkedActivity("deliver webhook", delivery.AnalysisId, submitted, ActivityKind.Producer);
        activity?.SetTag(TelemetryTags.WebhookEndpoint, delivery.EndpointId).SetTag(TelemetryTags.WebhookAttempt, delivery.Attempts.Count + 1);
        using var scope = delivery.AnalysisId is { } analysis ? logger.BeginAnalysisScope(analysis) : null;

        if (await endpoints.FindAsync(leased.Tenant, delivery.EndpointId, cancellationToken) is not { } endpoint)
        {
            await deliveries.TryDeleteAsync(leased.Tenant, leased.Id, null, cancellationToken);
            return null;
        }

        if (!endpoint.Value.Enabled && delivery.EventType != EventTypes.Test) return await GiveUpAsync(leased, FailureReasons.EndpointDisabled, cancellationToken);
        if (endpoints.Keys(endpoint) is not { Count: > 0 } keys) return await GiveUpAsync(leased, FailureReasons.NoSecret, cancellationToken);
        if ((delivery.Url ?? endpoint.Value.Url) is not { } url || sender.Refuse(url) is not null) return await GiveUpAsync(leased, FailureReasons.AddressRefused, cancellationToken);
        if (await ComposeAsync(leased, cancellationToken) is not { } body) return await GiveUpAsync(leased, FailureReasons.AnalysisDeleted, cancellationToken);

        var attempt = await sender.SendAsync(url, delivery.MessageId, body, keys, cancellationToken);
        metrics.Attempted(attempt);
        activity?.SetTag("http.response.status_code", attempt.StatusCode);
        if (!attempt.Succeeded) activity?.SetStatus(ActivityStatusCode.Error, attempt.Error ?? $"HTTP {attempt.StatusCode}");
        // The endpoint first: should we die in between, the delivery comes back and finds it switched off.
        await NoteAsync(endpoint, attempt, cancellationToken);
        var settled = delivery.After(attempt, time.GetUtcNow(), options.Value.RetryDelays, Random.Shared.NextDouble());
        await SettleAsync(leased, settled, cancellationToken);
        LogAttempt(leased.Id, attempt.StatusCode, attempt.Error, settled.Status, settled.NextAttemptAt);
        return TimeSpan.FromMilliseconds(attempt.LatencyMs);
    }

    // The record itself and not a copy: what was deleted meanwhile is told to nobody.
    private async Task<byte[]?> ComposeAsync(Document<Delivery> leased, CancellationToken cancellationToken)
    {
        if (leased.Value.AnalysisId is not { } id) return Notice.OfTest(leased.Value.EndpointId, leased.Value.CreatedAt);
        var analysis = await analyses.FindResultAsync(leased.Tenant, id, cancellationToken) ?? await history.FindAsync(leased.Tenant, id, cancellationToken);
        return analysis is null ? null : Notice.Of(analysis);
    }

    private async Task NoteAsync(Document<WebhookEndpoint> endpoint, DeliveryAttempt attempt, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        if (ReferenceEquals(endpoint.Value.After(attempt, now, options.Value.DisableAfter), endpoint.Value)) return;
        var switchedOff = false;
        var changed = await endpoints.ChangeAsync(endpoint.Tenant, endpoint.Id, current =>
        {
            var after = current.After(attempt, now, options.Value.DisableAfter);
            switchedOff = current.Enabled && !after.Enabled;
            return after;
        }, cancellationToken);
        if (!switchedOff || changed?.DisabledReason is not { } reason) return;
        metrics.Disabled(reason);
        LogDisabled(endpoint.Id, endpoint.Tenant, reason);
    }

    private async Task<TimeSpan?> GiveUpAsync(Document<Delivery> leased, string reason, CancellationToken cancellationToken)
    {
        var settled = leased.Value.End(DeliveryStatus.Failed, reason, time.GetUtcNow());
        await SettleAsync(leased, settled, cancellationToken);
        LogGivenUp(leased.Id, reason);
        return null;
    }

    private async Task SettleAsync(Document<Delivery> leased, Delivery settled, CancellationToken cancellationToken)
    {
        var document = leased with { Value = settled, Due = settled.NextAttemptAt ?? settled.EndedAt + options.Value.Retention };
        // False: the lease ran out and somebody else has it now, who will write down an attempt of their own.
        if (await deliveries.TryUpdateAsync(document, cancellationToken) && settled.Status != DeliveryStatus.Pending) metrics.Ended(settled);
    }

    [LoggerMessage(5201, LogLevel.Information, "Delivery {DeliveryId}: answer {StatusCode} {Error}; now {Status}, next {Next}")]
    private partial void LogAttempt(string deliveryId, int? statusCode, string? error, DeliveryStatus status, DateTimeOffset? next);

    [LoggerMessage(5202, LogLevel.Warning, "Delivery {DeliveryId} is given up: {Reason}")]
    private partial void LogGivenUp(string deliveryId, string reason);

    [LoggerMessage(5203, LogLevel.Warning, "Endpoint {EndpointId} of {Tenant} was switched off: {Reason}")]
    private partial void LogDisabled(string endpointId, string tenant, string reason);
}
