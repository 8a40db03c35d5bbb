using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using MassTransit;

namespace Deepfake.IngestService.Submission;

/// <summary>Starts the work on an accepted analysis: publishes its first message and notes the broker's confirmation.</summary>
internal sealed class AnalysisPublisher(IBus bus, IAnalysisStore analyses)
{
    /// <summary>Publishes. Doing it twice is harmless: every stage may see a message again.</summary>
    public async Task PublishAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        await bus.PublishConfirmedAsync(
            new MediaSubmitted
            {
                AnalysisId = record.Id,
                Tenant = record.Tenant,
                Lane = record.Lane,
                MediaKey = record.MediaKey,
                Format = record.Format,
                SizeBytes = record.SizeBytes,
                Deadline = record.Deadline,
            },
            cancellationToken);
        await analyses.MarkPublishedAsync(record.Id, cancellationToken);
    }

    /// <summary>The same from a sweeper, inside the trace of the request that brought the file.</summary>
    public async Task RepublishAsync(AnalysisRecord record, CancellationToken cancellationToken)
    {
        var parent = ActivityContext.TryParse(record.TraceParent, traceState: null, out var context) ? context : default;
        using var activity = ServiceDefaults.Telemetry.StartAnalysisActivity("republish analysis", record.Id, parent);
        await PublishAsync(record, cancellationToken);
    }
}
