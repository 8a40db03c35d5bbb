using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Unhealthy until loading is over. Healthy with fewer models than there are folders, even with none: the service then answers with
/// what it has, and says so in every result.
/// </summary>
internal sealed class EnsembleHealthCheck(ScoringEngine engine) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!engine.IsLoaded) return HealthCheckResult.Unhealthy("models are loading");
        var ensemble = await engine.GetEnsembleAsync(cancellationToken);
        return HealthCheckResult.Healthy($"{ensemble.Sessions.Count} models, {ensemble.Unavailable.Count} not available");
    }
}
