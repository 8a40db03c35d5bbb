using Deepfake.ServiceDefaults.Tracing;

namespace Deepfake.ResultService.Sweeping;

/// <summary>Does something again and again; a failure is logged and the next turn tries anew.</summary>
public abstract partial class PeriodicSweep(TimeSpan interval, TimeProvider time, ILogger logger) : BackgroundService
{
    /// <summary>One turn.</summary>
    public abstract Task SweepAsync(CancellationToken cancellationToken);

    /// <inheritdoc/>
    protected sealed override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stoppingToken))
            {
                try
                {
                    await SweepAsync(stoppingToken);
                }
                catch (Exception e) when (!stoppingToken.IsCancellationRequested)
                {
                    LogFailed(logger, e, GetType().Name);
                }
            }
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // The host stops.
        }
    }

    /// <summary>Does one item; a failure concerns that item only.</summary>
    protected async Task GuardAsync(string analysisId, Func<Task> work, CancellationToken cancellationToken)
    {
        using var scope = logger.BeginAnalysisScope(analysisId);
        try
        {
            await work();
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            LogItemFailed(logger, e, GetType().Name, analysisId);
        }
    }

    [LoggerMessage(5101, LogLevel.Error, "{Sweep} failed; it will be tried again.")]
    private static partial void LogFailed(ILogger logger, Exception exception, string sweep);

    [LoggerMessage(5102, LogLevel.Warning, "{Sweep} failed for {AnalysisId}; it will be tried again.")]
    private static partial void LogItemFailed(ILogger logger, Exception exception, string sweep, string analysisId);
}
