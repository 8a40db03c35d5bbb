using System.Collections.Concurrent;
using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Webhooks;

/// <summary>
/// Sends what is due. Any number of processes do this on the same deliveries: each is leased by compare-and-set before its attempt, and
/// comes back when the lease runs out without a word.
/// </summary>
public sealed partial class DeliveryDispatcher(
    IDocumentStore<Delivery> deliveries,
    DeliveryCourier courier,
    DeliverySignal signal,
    TenantShares shares,
    WebhookMetrics metrics,
    IOptions<WebhookOptions> options,
    TimeProvider time,
    ILogger<DeliveryDispatcher> logger) : BackgroundService
{
    private const int Page = 256;
    private static readonly TimeSpan BeyondShare = TimeSpan.FromSeconds(2);
    private readonly EndpointLanes<Document<Delivery>> _lanes = new(options.Value.ConcurrencyPerEndpoint);
    private readonly SemaphoreSlim _places = new(options.Value.Concurrency);
    private readonly ConcurrentDictionary<Task, byte> _running = new();

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _places.Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            while (!stoppingToken.IsCancellationRequested)
            {
                if (!await TryDispatchAsync(stoppingToken)) await signal.WaitAsync(options.Value.PollInterval, stoppingToken);
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }

        await Task.WhenAll(_running.Keys);
    }

    /// <returns>True if there may be more to do at once.</returns>
    private async Task<bool> TryDispatchAsync(CancellationToken stoppingToken)
    {
        try
        {
            var now = time.GetUtcNow();
            var due = await deliveries.ListDueAsync(now, Page, stoppingToken);
            metrics.Behind(due.Min(delivery => delivery.Value.NextAttemptAt) is { } oldest ? now - oldest : TimeSpan.Zero);
            foreach (var delivery in due) await DispatchAsync(delivery, stoppingToken);
            return due.Count == Page;
        }
        catch (Exception e) when (!stoppingToken.IsCancellationRequested)
        {
            LogFailed(e);
            return false;
        }
    }

    private async Task DispatchAsync(Document<Delivery> delivery, CancellationToken stoppingToken)
    {
        if (delivery.Value.Status != DeliveryStatus.Pending)
        {
            // The log has kept it for long enough.
            await deliveries.TryDeleteAsync(delivery.Tenant, delivery.Id, delivery.Version, stoppingToken);
            return;
        }

        var lane = Lane(delivery);
        if (_lanes.Delay(lane) is { } delay)
        {
            await deliveries.TryUpdateAsync(delivery with { Due = time.GetUtcNow() + delay }, stoppingToken);
            return;
        }

        if (!shares.TryEnter(delivery.Tenant))
        {
            await deliveries.TryUpdateAsync(delivery with { Due = time.GetUtcNow() + BeyondShare }, stoppingToken);
            return;
        }

        Document<Delivery>? leased = null;
        try
        {
            leased = await courier.LeaseAsync(delivery, stoppingToken);
            if (leased is not null && !_lanes.Enter(lane, leased)) leased = null; // waits in its lane
        }
        finally
        {
            if (leased is null) shares.Leave(delivery.Tenant);
        }

        if (leased is null) return;
        var carrying = CarryAsync(lane, leased, stoppingToken);
        _running.TryAdd(carrying, 0);
        _ = carrying.ContinueWith(ended => _running.TryRemove(ended, out _), CancellationToken.None, TaskContinuationOptions.None, TaskScheduler.Default);
    }

    // One after the other, while any wait. The token ends the row and not an attempt: breaking one off would only repeat it.
    private async Task CarryAsync(string lane, Document<Delivery> first, CancellationToken stoppingToken)
    {
        for (var leased = first; leased is not null;)
        {
            TimeSpan? took = null;
            await _places.WaitAsync(CancellationToken.None);
            try
            {
                if (!stoppingToken.IsCancellationRequested) took = await courier.CarryAsync(leased, CancellationToken.None);
            }
            catch (Exception e)
            {
                // A store is away. The delivery comes back when the lease is over.
                LogAttemptFailed(e, leased.Id);
            }
            finally
            {
                _places.Release();
            }

            leased = _lanes.Next(lane, took);
        }

        shares.Leave(first.Tenant);
    }

    // Behind the endpoint that stands for addresses of analyses are many receivers.
    private static string Lane(Document<Delivery> delivery) =>
        $"{delivery.Tenant}/{delivery.Value.EndpointId}/{(Uri.TryCreate(delivery.Value.Url, UriKind.Absolute, out var url) ? url.Authority : "")}";

    [LoggerMessage(5211, LogLevel.Error, "Due deliveries cannot be sent; it will be tried again.")]
    private partial void LogFailed(Exception exception);

    [LoggerMessage(5212, LogLevel.Warning, "The attempt of delivery {DeliveryId} broke off; it will be made again.")]
    private partial void LogAttemptFailed(Exception exception, string deliveryId);
}
