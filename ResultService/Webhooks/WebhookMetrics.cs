using System.Diagnostics.Metrics;
using Deepfake.ServiceDefaults;

namespace Deepfake.ResultService.Webhooks;

/// <summary>What operators watch: attempts, ends, answers, and how far behind the deliveries are.</summary>
public sealed class WebhookMetrics
{
    private readonly Counter<long> _attempts = Telemetry.Meter.CreateCounter<long>("deepfake.webhooks.attempts", "{attempt}", "Attempts to deliver a notice, by outcome.");
    private readonly Counter<long> _ended = Telemetry.Meter.CreateCounter<long>("deepfake.webhooks.ended", "{delivery}", "Deliveries that are over, by status and reason.");
    private readonly Counter<long> _disabled = Telemetry.Meter.CreateCounter<long>("deepfake.webhooks.endpoints.disabled", "{endpoint}", "Endpoints that were switched off, by reason.");
    private readonly Histogram<double> _latency = Telemetry.Meter.CreateHistogram<double>("deepfake.webhooks.attempt.duration", "s", "How long receivers take to answer.");
    private readonly Histogram<double> _delay = Telemetry.Meter.CreateHistogram<double>("deepfake.webhooks.delay", "s", "From the event to its delivery.");
    private double _behind;

    /// <summary>Registers the instruments.</summary>
    public WebhookMetrics() =>
        Telemetry.Meter.CreateObservableGauge("deepfake.webhooks.oldest_due", () => Volatile.Read(ref _behind), "s", "How long the oldest due delivery has been waiting.");

    internal void Attempted(DeliveryAttempt attempt)
    {
        KeyValuePair<string, object?> outcome = new("outcome", attempt.Succeeded ? "delivered" : attempt.StatusCode is null ? "no_answer" : "refused");
        _attempts.Add(1, outcome);
        _latency.Record(attempt.LatencyMs / 1000, outcome);
    }

    internal void Ended(Delivery delivery)
    {
        _ended.Add(1, new("status", delivery.Status.ToString().ToLowerInvariant()), new("reason", delivery.Reason ?? "none"));
        if (delivery is { Status: DeliveryStatus.Delivered, EndedAt: { } at }) _delay.Record(Math.Max(0, (at - delivery.CreatedAt).TotalSeconds));
    }

    internal void Disabled(string reason) => _disabled.Add(1, new KeyValuePair<string, object?>("reason", reason));

    internal void Behind(TimeSpan by) => Volatile.Write(ref _behind, Math.Max(0, by.TotalSeconds));
}
