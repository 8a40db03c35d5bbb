using Deepfake.Contracts;
using Deepfake.FrameService.Extraction;
using Deepfake.FrameService.Probing;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Bus;
using MassTransit;

namespace Deepfake.FrameService.Consumers;

/// <summary>Takes up a submitted medium.</summary>
internal sealed class MediaSubmittedConsumer(FrameStage stage, IAnalysisStore analyses) : IConsumer<MediaSubmitted>
{
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
        if (await analyses.FindAsync(context.Message.AnalysisId, context.CancellationToken) is null or { IsOver: true }) return;
        try
        {
            await stage.RunAsync(context.Message, context, context.CancellationToken);
        }
        catch (MediaException e)
        {
            throw new AnalysisFaultException(e.Code, e.Message, e);
        }
    }
}
