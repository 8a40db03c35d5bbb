using Deepfake.Contracts;
using Deepfake.Infrastructure.Bus;
using Deepfake.ResultService.Merging;
using MassTransit;

namespace Deepfake.ResultService.Consumers;

/// <summary>Takes in what the other services report about running analyses.</summary>
public sealed class ResultConsumer(AnalysisMerger merger)
    : IConsumer<FramesExtracted>, IConsumer<InferenceCompleted>, IConsumer<ForensicsCompleted>, IConsumer<AnalysisProgressed>, IConsumer<AnalysisFailed>
{
    /// <summary>One queue for all lanes: merging is quick, and a result must not wait behind its lane.</summary>
    public static ConsumerSettings Settings { get; } = new()
    {
        Queue = "results",
        PerLane = false,
        Concurrency = 16,
        Prefetch = 64,
        Timeout = TimeSpan.FromSeconds(60),
    };

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<FramesExtracted> context) => AddAsync(context, AnalysisParts.FramesKey);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<InferenceCompleted> context) => AddAsync(context, AnalysisParts.InferenceKey(context.Message.Shard));

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<ForensicsCompleted> context) => AddAsync(context, AnalysisParts.ForensicsKey);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<AnalysisProgressed> context) => merger.ReportAsync(context.Message, context.CancellationToken);

    /// <inheritdoc/>
    public Task Consume(ConsumeContext<AnalysisFailed> context) =>
        merger.FailAsync(context.Message.AnalysisId, context.Message.Code, context.Message.Detail, context, context.CancellationToken);

    private async Task AddAsync<T>(ConsumeContext<T> context, Infrastructure.Analyses.PartKey key)
        where T : class, IAnalysisMessage
    {
        try
        {
            await merger.AddAsync(context.Message, key, context, context.CancellationToken);
        }
        catch (InvalidDataException e)
        {
            // Broken parts stay broken: trying again would only make the client wait for its deadline.
            throw new AnalysisFaultException(ErrorCodes.StageFailed, "The parts of the result do not fit together: " + e.Message, e);
        }
    }
}
