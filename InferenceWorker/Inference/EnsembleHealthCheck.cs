using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// Unhealthy until loading is over. Healthy with fewer models than there are folders, even with none: the service then answers with
/// what it has, and says so in every result. Degraded where a GPU was asked for and models run on the CPU: it works, but slowly.
/// </summary>
internal sealed class EnsembleHealthCheck(ScoringEngine engine, IOptions<InferenceOptions> options) : IHealthCheck
{
    public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        if (!engine.IsLoaded) return HealthCheckResult.Unhealthy("models are loading");
        var ensemble = await engine.GetEnsembleAsync(cancellationToken);
        var providers = ensemble.Providers;
        var detail = $"{ensemble.Sessions.Count + ensemble.Sequences.Count} models on {(providers.Count == 0 ? "nothing" : string.Join(" and ", providers))}, {ensemble.Unavailable.Count} not available";
        if (engine.GpuMissing is { } reason) detail += $"; no CUDA: {reason}";
        return options.Value.Device == Device.Cuda && providers.Contains("cpu") ? HealthCheckResult.Degraded(detail) : HealthCheckResult.Healthy(detail);
    }
}
