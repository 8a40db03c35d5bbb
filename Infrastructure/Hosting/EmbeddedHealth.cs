using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Microsoft.Extensions.Hosting;

namespace Deepfake.Infrastructure.Hosting;

/// <summary>Opens the stores before anything starts, so that a broken data folder ends the host with its reason; then reports on them.</summary>
internal sealed class EmbeddedHealth(JournalAnalysisStore analyses, JournalHistoryStore history, DocumentJournal documents) : IHealthCheck, IHostedService
{
    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult((analyses.Fault ?? history.Fault ?? documents.Fault) is { } fault
            ? new HealthCheckResult(context.Registration.FailureStatus, "The journal cannot be written.", fault)
            : HealthCheckResult.Healthy());

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
