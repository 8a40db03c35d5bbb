using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>A server is healthy while it answers a ping within a few seconds.</summary>
internal sealed class StoreHealth(Func<CancellationToken, Task> ping) : IHealthCheck
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        try
        {
            await ping(cancellationToken).WaitAsync(Patience, cancellationToken);
            return HealthCheckResult.Healthy();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return HealthCheckResult.Unhealthy("no answer", e);
        }
    }
}
