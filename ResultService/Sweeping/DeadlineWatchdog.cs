using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.ResultService.Merging;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Sweeping;

/// <summary>
/// Sees to it that every accepted analysis ends: completes those whose missing parts will not be waited for, and those whose last
/// receiver crashed; fails the others at their deadline.
/// </summary>
public sealed partial class DeadlineWatchdog(
    IAnalysisStore analyses, AnalysisMerger merger, IBus bus, IOptions<ResultOptions> options, TimeProvider time, ILogger<DeadlineWatchdog> logger)
    : PeriodicSweep(options.Value.SweepInterval, time, logger)
{
    private const int Batch = 1000;
    private const int AtOnce = 16;
    private readonly TimeProvider _time = time;
    private readonly ILogger _logger = logger;

    /// <inheritdoc/>
    public override async Task SweepAsync(CancellationToken cancellationToken)
    {
        // Only scoring can lack a part that is not worth waiting for; what still waits for a worker costs nothing here.
        var unfinished = await analyses.FindUnfinishedAsync(Batch, cancellationToken);
        await EachAsync(unfinished.Where(state => state.Stage >= Stage.Scoring), CompleteAsync, cancellationToken);
        await EachAsync(await analyses.FindOverdueAsync(_time.GetUtcNow(), Batch, cancellationToken), CompleteOrFailAsync, cancellationToken);
    }

    // Side by side: one that hangs on an outage must not let the others pass their deadline.
    private static Task EachAsync(IEnumerable<AnalysisState> states, Func<AnalysisState, CancellationToken, Task> work, CancellationToken cancellationToken) =>
        Parallel.ForEachAsync(
            states, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (state, token) => await work(state, token));

    private Task CompleteAsync(AnalysisState state, CancellationToken cancellationToken) => GuardAsync(state.Record.Id, async () =>
    {
        if (await merger.TryCompleteAsync(state, bus, cancellationToken)) LogCompleted(_logger, state.Record.Id);
    }, cancellationToken);

    private async Task CompleteOrFailAsync(AnalysisState state, CancellationToken cancellationToken)
    {
        await CompleteAsync(state, cancellationToken);
        await GuardAsync(state.Record.Id, async () =>
        {
            if (await merger.FailAsync(state.Record.Id, ErrorCodes.DeadlineExceeded, "The analysis was not over by its deadline.", bus, cancellationToken))
                LogOverdue(_logger, state.Record.Id, state.Stage);
        }, cancellationToken);
    }

    [LoggerMessage(5121, LogLevel.Warning, "{AnalysisId} passed its deadline in stage {Stage} and was failed.")]
    private static partial void LogOverdue(ILogger logger, string analysisId, Stage stage);

    [LoggerMessage(5122, LogLevel.Information, "{AnalysisId} was completed by the watchdog.")]
    private static partial void LogCompleted(ILogger logger, string analysisId);
}
