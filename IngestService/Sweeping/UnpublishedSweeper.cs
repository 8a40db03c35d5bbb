using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Sweeping;

/// <summary>
/// Publishes what was accepted while the broker was away. Several replicas may do it at once; the second message of an analysis changes
/// nothing.
/// </summary>
internal sealed partial class UnpublishedSweeper(
    IAnalysisStore analyses, AnalysisPublisher publisher, IOptions<IngestOptions> options, TimeProvider time, ILogger<UnpublishedSweeper> logger)
    : BackgroundService
{
    private const int BatchSize = 100;

    /// <summary>One pass, oldest first; stops at the first failure, as the next would fail the same way.</summary>
    /// <returns>How many were published.</returns>
    public async Task<int> SweepAsync(CancellationToken cancellationToken)
    {
        var published = 0;
        while (true)
        {
            var waiting = await analyses.FindUnpublishedAsync(time.GetUtcNow() - options.Value.SweepAge, BatchSize, cancellationToken);
            foreach (var state in waiting)
            {
                using var timeout = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
                timeout.CancelAfter(options.Value.PublishTimeout);
                await publisher.RepublishAsync(state.Record, timeout.Token).WaitAsync(timeout.Token);
                Log.Republished(logger, state.Record.Id);
                published++;
            }

            if (waiting.Count < BatchSize) return published;
        }
    }

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(options.Value.SweepInterval, time);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            try
            {
                await SweepAsync(stoppingToken);
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.SweepFailed(logger, e);
            }
        }
    }

    private static partial class Log
    {
        [LoggerMessage(1020, LogLevel.Information, "Published {AnalysisId}, accepted while the broker was away")]
        public static partial void Republished(ILogger logger, string analysisId);

        [LoggerMessage(1021, LogLevel.Warning, "A sweep stopped early; the next one goes on")]
        public static partial void SweepFailed(ILogger logger, Exception exception);
    }
}
