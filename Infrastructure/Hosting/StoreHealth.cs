using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>A server is healthy while it answers a ping within a few seconds.</summary>
internal sealed class StoreHealth(IPrepared adapter) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(Patience);
        try
        {
            await adapter.PingAsync(patience.Token).WaitAsync(patience.Token);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return new HealthCheckResult(context.Registration.FailureStatus, "no answer", e);
        }
    }
}
