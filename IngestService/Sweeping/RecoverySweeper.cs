using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Sweeping;

/// <summary>
/// After a restart, takes up every analysis that is not over. For a host whose queue lives in its memory and died with it
/// (<see cref="IngestOptions.RecoverOnStart"/>); a broker keeps its messages.
/// </summary>
internal sealed partial class RecoverySweeper(
    IAnalysisStore analyses,
    AnalysisPublisher publisher,
    IHostApplicationLifetime lifetime,
    IOptions<IngestOptions> options,
    TimeProvider time,
    ILogger<RecoverySweeper> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        if (!options.Value.RecoverOnStart) return;
        var startedAt = time.GetUtcNow();
        await StartedAsync(stoppingToken);
        var done = new HashSet<string>();
        while (true)
        {
            try
            {
                foreach (var state in await analyses.FindUnfinishedAsync(int.MaxValue, stoppingToken))
                {
                    // What came in since the start is in the queue already.
                    if (state.Record.AcceptedAt >= startedAt || done.Contains(state.Record.Id)) continue;
                    await publisher.RepublishAsync(state.Record, stoppingToken);
                    done.Add(state.Record.Id);
                }

                if (done.Count > 0) Log.Recovered(logger, done.Count);
                return;
            }
            catch (Exception e) when (!stoppingToken.IsCancellationRequested)
            {
                Log.RecoveryFailed(logger, e);
            }

            await Task.Delay(Pause, time, stoppingToken);
        }
    }

    /// <summary>The bus starts after this service; publishing waits for it.</summary>
    private async Task StartedAsync(CancellationToken stoppingToken)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var registration = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stoppingToken);
    }

    private static partial class Log
    {
        [LoggerMessage(1022, LogLevel.Information, "Took up {Count} analyses that a restart had interrupted")]
        public static partial void Recovered(ILogger logger, int count);

        [LoggerMessage(1023, LogLevel.Warning, "Taking up interrupted analyses failed; trying again")]
        public static partial void RecoveryFailed(ILogger logger, Exception exception);
    }
}
