using System.Globalization;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Options;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Fails once runs of networks have stopped ending while work waits: a driver or a network hangs, and only a restart frees it.</summary>
internal sealed class RunLivenessCheck(RunWatch watch, IOptions<InferenceOptions> options) : IHealthCheck
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
    {
        var silence = watch.Silence;
        return Task.FromResult(silence < TimeSpan.FromSeconds(options.Value.StallSeconds)
            ? HealthCheckResult.Healthy()
            : HealthCheckResult.Unhealthy(string.Create(CultureInfo.InvariantCulture, $"no run of a network has ended for {silence.TotalSeconds:0} s while work waits")));
    }
}
