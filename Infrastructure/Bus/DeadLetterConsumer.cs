using Deepfake.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Bus;

/// <summary>Ends the analysis of a message that the broker gave up because its consumers died with it again and again.</summary>
internal sealed partial class DeadLetterConsumer(ILogger<DeadLetterConsumer> logger)
    : IConsumer<MediaSubmitted>, IConsumer<FacesExtracted>, IConsumer<FramesExtracted>, IConsumer<InferenceCompleted>, IConsumer<ForensicsCompleted>
{
    public Task Consume(ConsumeContext<MediaSubmitted> context) => FailAsync(context, context.Message);

    public Task Consume(ConsumeContext<FacesExtracted> context) => FailAsync(context, context.Message);

    public Task Consume(ConsumeContext<FramesExtracted> context) => FailAsync(context, context.Message);

    public Task Consume(ConsumeContext<InferenceCompleted> context) => FailAsync(context, context.Message);

    public Task Consume(ConsumeContext<ForensicsCompleted> context) => FailAsync(context, context.Message);

    private Task FailAsync(ConsumeContext context, IAnalysisMessage message)
    {
        LogDead(message.AnalysisId, message.GetType().Name);
        var queue = context.ReceiveContext.TransportHeaders.Get<string>("x-first-death-queue") ?? "";
        var end = PipelineTopology.GivenUp(queue, message, ErrorCodes.StageFailed, "A stage of the analysis broke down again and again.");
        return end is null ? Task.CompletedTask : context.PublishUntypedConfirmedAsync(end, context.CancellationToken);
    }

    [LoggerMessage(1010, LogLevel.Error, "Analysis {AnalysisId}: {Message} was given up by the broker")]
    private partial void LogDead(string analysisId, string message);
}
