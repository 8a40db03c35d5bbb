using Deepfake.Infrastructure.Analyses;
using Deepfake.ResultService.Merging;
using MassTransit;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Sweeping;

/// <summary>Announces what is over but was never announced: its finisher crashed, or the broker was away.</summary>
public sealed partial class AnnouncementSweeper(
    IAnalysisStore analyses, AnalysisFinisher finisher, IBus bus, IOptions<ResultOptions> options, TimeProvider time, ILogger<AnnouncementSweeper> logger)
    : PeriodicSweep(options.Value.SweepInterval, time, logger)
{
    private const int Batch = 200;
    private readonly TimeProvider _time = time;
    private readonly ILogger _logger = logger;

    /// <inheritdoc/>
    public override async Task SweepAsync(CancellationToken cancellationToken)
    {
        foreach (var state in await analyses.FindUnannouncedAsync(_time.GetUtcNow() - options.Value.AnnounceAfter, Batch, cancellationToken))
        {
            await GuardAsync(state.Record.Id, async () =>
            {
                await finisher.AnnounceAsync(state.Record, bus, cancellationToken);
                LogAnnounced(_logger, state.Record.Id);
            }, cancellationToken);
        }
    }

    [LoggerMessage(5111, LogLevel.Information, "Announced the end of {AnalysisId} again.")]
    private static partial void LogAnnounced(ILogger logger, string analysisId);
}
