using System.Collections.Concurrent;
using System.Diagnostics;
using Deepfake.Contracts;
using MassTransit;

namespace Deepfake.Infrastructure.Tests.Bus;

/// <summary>What the consumers of a test saw, and what they are to do.</summary>
internal sealed class Probe
{
    public ConcurrentQueue<Sighting> Seen { get; } = new();

    /// <summary>Called by <see cref="WorkConsumer"/> with the number of tries so far, from 1.</summary>
    public Func<int, CancellationToken, Task> Work { get; set; } = (_, _) => Task.CompletedTask;

    public IEnumerable<T> Of<T>(string analysisId)
        where T : IAnalysisMessage => Seen.Select(sighting => sighting.Message).OfType<T>().Where(message => message.AnalysisId == analysisId);

    public int Tries(string analysisId) => Of<MediaSubmitted>(analysisId).Count();

    public void See<T>(ConsumeContext<T> context)
        where T : class, IAnalysisMessage =>
        Seen.Enqueue(new Sighting(context.Message, context.ReceiveContext.InputAddress.AbsolutePath.Split('/')[^1], Activity.Current?.TraceId.ToHexString()));
}

/// <param name="Message">As it was read.</param>
/// <param name="Queue">Queue it came from.</param>
/// <param name="TraceId">Trace of the consumer.</param>
internal sealed record Sighting(IAnalysisMessage Message, string Queue, string? TraceId);

internal sealed class WorkConsumer(Probe probe) : IConsumer<MediaSubmitted>
{
    public Task Consume(ConsumeContext<MediaSubmitted> context)
    {
        probe.See(context);
        return probe.Work(probe.Tries(context.Message.AnalysisId), context.CancellationToken);
    }
}

internal sealed class EndConsumer(Probe probe) : IConsumer<AnalysisFailed>
{
    public Task Consume(ConsumeContext<AnalysisFailed> context)
    {
        probe.See(context);
        return Task.CompletedTask;
    }
}

internal sealed class EverythingConsumer(Probe probe)
    : IConsumer<MediaSubmitted>, IConsumer<FacesExtracted>, IConsumer<FramesExtracted>, IConsumer<InferenceCompleted>, IConsumer<ForensicsCompleted>,
      IConsumer<AnalysisProgressed>, IConsumer<AnalysisFailed>, IConsumer<AnalysisCompleted>
{
    public Task Consume(ConsumeContext<MediaSubmitted> context) => See(context);

    public Task Consume(ConsumeContext<FacesExtracted> context) => See(context);

    public Task Consume(ConsumeContext<FramesExtracted> context) => See(context);

    public Task Consume(ConsumeContext<InferenceCompleted> context) => See(context);

    public Task Consume(ConsumeContext<ForensicsCompleted> context) => See(context);

    public Task Consume(ConsumeContext<AnalysisProgressed> context) => See(context);

    public Task Consume(ConsumeContext<AnalysisFailed> context) => See(context);

    public Task Consume(ConsumeContext<AnalysisCompleted> context) => See(context);

    private Task See<T>(ConsumeContext<T> context)
        where T : class, IAnalysisMessage
    {
        probe.See(context);
        return Task.CompletedTask;
    }
}

/// <summary>Reports that break: none of them may fail an analysis.</summary>
internal sealed class BrokenReportConsumer(Probe probe) : IConsumer<AnalysisProgressed>, IConsumer<AnalysisCompleted>
{
    public Task Consume(ConsumeContext<AnalysisProgressed> context)
    {
        probe.See(context);
        throw new InvalidOperationException("always");
    }

    public Task Consume(ConsumeContext<AnalysisCompleted> context)
    {
        probe.See(context);
        throw new InvalidOperationException("always");
    }
}

internal sealed class BrokenMeasurement : IConsumer<FramesExtracted>
{
    public Task Consume(ConsumeContext<FramesExtracted> context) => throw new IOException("always");
}
