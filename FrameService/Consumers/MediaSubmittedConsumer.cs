using Deepfake.Contracts;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Probing;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using MassTransit;

namespace Deepfake.FrameService.Consumers;

/// <summary>Takes up a submitted medium; drops it when the analysis is over, cancelled or past its deadline.</summary>
internal sealed class MediaSubmittedConsumer(FrameStage stage, IAnalysisStore analyses, TimeProvider time) : IConsumer<MediaSubmitted>
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromSeconds(2);

    /// <summary>How the bus runs it.</summary>
    public static ConsumerSettings Settings(FrameServiceOptions options) => new()
    {
        Queue = "frames",
        Concurrency = options.Concurrency,
        Timeout = TimeSpan.FromSeconds(options.DecodeSeconds + options.ProbeSeconds + 120),
    };

    /// <inheritdoc/>
    public async Task Consume(ConsumeContext<MediaSubmitted> context)
    {
        var left = context.Message.Deadline - time.GetUtcNow();
        if (left <= TimeSpan.Zero || await IsOverAsync(context.Message, context.CancellationToken)) return;
        using var deadline = new CancellationTokenSource(left < TimeSpan.FromDays(1) ? left : TimeSpan.FromDays(1), time);
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, context.CancellationToken);
        var watching = WatchAsync(context.Message, stop);
        try
        {
            await stage.RunAsync(context.Message, context, stop.Token);
        }
        catch (MediaException e)
        {
            throw new AnalysisFaultException(e.Code, e.Message, e);
        }
        catch (OperationCanceledException) when (!context.CancellationToken.IsCancellationRequested)
        {
            // Nobody waits for it any more: the analysis was cancelled, or its deadline passed and the watchdog ends it.
        }
        finally
        {
            await stop.CancelAsync();
            await watching;
        }
    }

    private async Task<bool> IsOverAsync(MediaSubmitted message, CancellationToken cancellationToken) =>
        await analyses.FindAsync(message.AnalysisId, cancellationToken) is null or { IsOver: true };

    /// <summary>Stops the work when the analysis is over before it.</summary>
    private async Task WatchAsync(MediaSubmitted message, CancellationTokenSource stop)
    {
        using var timer = new PeriodicTimer(LookEvery, time);
        try
        {
            while (await timer.WaitForNextTickAsync(stop.Token))
            {
                if (await IsOverAsync(message, stop.Token)) await stop.CancelAsync();
            }
        }
        catch (Exception e) when (e is OperationCanceledException || !stop.IsCancellationRequested)
        {
            // Done; or the store is out of reach, which the work itself will find out.
        }
    }
}
