using Deepfake.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// Stands outermost on every receive endpoint, around the retries inside the process, and decides what a fault means: the input's fault
/// ends the analysis; anything else is tried again after a wait, and ends the analysis when the waits are used up. Nothing is ever left
/// hanging.
/// </summary>
internal sealed partial class PipelineFilter(IRedeliveryRoute route, BusOptions options, ILogger<PipelineFilter> logger) : IFilter<ConsumeContext>
{
    private const string AttemptHeader = "deepfake-attempt";

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        try
        {
            await next.Send(context);
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested && PipelineTopology.Read(context) is not null)
        {
            var message = PipelineTopology.Read(context)!;
            if (Unwrap(e) is AnalysisFaultException fault)
            {
                LogInputFault(message.AnalysisId, fault.Code, fault.Message, fault.InnerException);
                await FailAsync(context, message, fault.Code, fault.Message);
            }
            else if (!await TryWaitAsync(context, message, e))
            {
                LogDead(message.AnalysisId, message.GetType().Name, e);
                await FailAsync(context, message, ErrorCodes.StageFailed, "A stage of the analysis failed again and again.");
                throw; // the message itself goes to the error queue, where an operator finds it
            }
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("pipeline");

    private static Exception Unwrap(Exception e) => e is AggregateException { InnerException: { } inner } ? Unwrap(inner) : e;

    private static Task FailAsync(ConsumeContext context, IAnalysisMessage message, string code, string detail) =>
        PipelineTopology.GivenUp(Queue(context), message, code, detail) is { } end ? context.PublishUntypedConfirmedAsync(end, CancellationToken.None) : Task.CompletedTask;

    private static string Queue(ConsumeContext context) => context.ReceiveContext.InputAddress.AbsolutePath.Split('/')[^1];

    private async Task<bool> TryWaitAsync(ConsumeContext context, IAnalysisMessage message, Exception exception)
    {
        var attempt = context.Headers.Get<int>(AttemptHeader) ?? 0;
        // By the time a percentage came back from its wait, it would be old.
        if (attempt >= options.RedeliverySeconds.Count || message is AnalysisProgressed) return false;

        var delay = options.RedeliveryDelay(attempt);
        LogWait(message.AnalysisId, message.GetType().Name, attempt + 1, delay, exception);
        var endpoint = await context.GetSendEndpoint(route.Address(Queue(context), delay));
        var prepare = Pipe.Execute<SendContext>(send =>
        {
            send.MessageId = context.MessageId;
            send.Headers.Set(AttemptHeader, attempt + 1);
            route.Prepare(send, delay);
        });
        await ConfirmedPublish.WaitAsync(stop => endpoint.Send(message, message.GetType(), prepare, stop), context.CancellationToken);
        return true;
    }

    [LoggerMessage(1001, LogLevel.Information, "Analysis {AnalysisId} fails with {Code}: {Detail}")]
    private partial void LogInputFault(string analysisId, string code, string detail, Exception? exception);

    [LoggerMessage(1002, LogLevel.Warning, "Analysis {AnalysisId}: {Message} waits {Delay} for delivery {Attempt}")]
    private partial void LogWait(string analysisId, string message, int attempt, TimeSpan delay, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "Analysis {AnalysisId}: {Message} is dead after its last try")]
    private partial void LogDead(string analysisId, string message, Exception exception);
}

/// <summary>How a transport lets a message wait before it comes back to its queue.</summary>
internal interface IRedeliveryRoute
{
    /// <summary>Where to send a message of a queue that is to wait.</summary>
    Uri Address(string queue, TimeSpan delay);

    /// <summary>Sets what the transport needs on the message.</summary>
    void Prepare(SendContext context, TimeSpan delay);
}

/// <summary>The in-memory transport delays a message by itself.</summary>
internal sealed class InMemoryRedelivery : IRedeliveryRoute
{
    public Uri Address(string queue, TimeSpan delay) => new($"queue:{queue}");

    public void Prepare(SendContext context, TimeSpan delay) => context.Delay = delay;
}

/// <summary>RabbitMQ: the message goes to an exchange with a wait queue, whose time to live sends it back; see <see cref="WaitQueues"/>.</summary>
internal sealed class RabbitMqRedelivery : IRedeliveryRoute
{
    public Uri Address(string queue, TimeSpan delay) => new($"exchange:{WaitQueues.Name(queue, delay)}");

    public void Prepare(SendContext context, TimeSpan delay)
    {
        // The queue's own time to live is the delay. Should an operator have removed it, the broker is to say so and not to drop the message.
        if (context is RabbitMqSendContext rabbit) rabbit.Mandatory = true;
    }
}
