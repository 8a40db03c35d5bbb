using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Writes down who is to be told of the end of an analysis. Once that is durable, no crash loses a notice.</summary>
public sealed class DeliveryOutbox(EndpointRegistry endpoints, IDocumentStore<Delivery> deliveries, DeliverySignal signal, TimeProvider time)
{
    /// <summary>Plans the deliveries of an end; may be done again at any time, and gives one delivery an endpoint all the same.</summary>
    public async Task PlanAsync(AnalysisRecord record, Analysis result, CancellationToken cancellationToken)
    {
        var type = EventTypes.Of(result.Status);
        var wanted = (await endpoints.ListAsync(record.Tenant, cancellationToken)).Where(endpoint => endpoint.Value.Wants(type)).Select(endpoint => endpoint.Id).ToHashSet();
        // Asked for by name, its filter does not count.
        if (await endpoints.FindAskedAsync(record, cancellationToken) is { Value.Enabled: true } asked) wanted.Add(asked.Id);
        foreach (var id in wanted) await deliveries.TryAddAsync(Plan(record, result, type, id), cancellationToken);
        if (wanted.Count > 0) signal.Raise();
    }

    private Document<Delivery> Plan(AnalysisRecord record, Analysis result, string type, string endpointId)
    {
        var at = result.CompletedAt ?? record.AcceptedAt;
        var messageId = Notice.MessageId(record.Id);
        var now = time.GetUtcNow();
        return new Document<Delivery>(record.Tenant, DeliveryIds.Of(endpointId, at, messageId), new Delivery
        {
            EndpointId = endpointId,
            EventType = type,
            MessageId = messageId,
            AnalysisId = record.Id,
            Url = endpointId == WebhookEndpoint.DefaultId ? record.WebhookUrl : null,
            CreatedAt = at,
            NextAttemptAt = now,
            TraceParent = record.TraceParent ?? Activity.Current?.Id,
        }, now);
    }
}

/// <summary>Tells the dispatcher of the own process that something is due.</summary>
public sealed class DeliverySignal : IDisposable
{
    private readonly SemaphoreSlim _raised = new(0, 1);

    /// <summary>Ends a wait, or the next one.</summary>
    public void Raise()
    {
        try
        {
            _raised.Release();
        }
        catch (SemaphoreFullException)
        {
            // Somebody was faster.
        }
    }

    /// <summary>Waits for a signal, or for a time at most.</summary>
    public Task WaitAsync(TimeSpan atMost, CancellationToken cancellationToken) => _raised.WaitAsync(atMost, cancellationToken);

    /// <inheritdoc/>
    public void Dispose() => _raised.Dispose();
}
