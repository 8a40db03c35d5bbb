using System.Diagnostics;
using Deepfake.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// Stands around the in-process retries of every consumer and decides what a fault means: the input's fault ends the analysis; anything
/// else is tried again after a wait, and ends the analysis when the waits are used up. Nothing is ever left hanging.
/// </summary>
internal sealed partial class PipelineFilter<T>(IRedeliveryRoute route, IOptions<BusOptions> options, ILogger<PipelineFilter<T>> logger)
    : IFilter<ConsumeContext<T>>
    where T : class
{
    private const string AttemptHeader = "deepfake-attempt";

    public async Task Send(ConsumeContext<T> context, IPipe<ConsumeContext<T>> next)
    {
        if (context.Message is not IAnalysisMessage message)
        {
            await next.Send(context);
            return;
        }

        Activity.Current?.SetTag("deepfake.analysis.id", message.AnalysisId);
        try
        {
            await next.Send(context);
        }
        catch (Exception e) when (Unwrap(e) is AnalysisFaultException fault)
        {
            LogInputFault(message.AnalysisId, fault.Code, fault.Message, fault.InnerException);
            await FailAsync(context, message, fault.Code, fault.Message);
        }
        catch (Exception e) when (!context.CancellationToken.IsCancellationRequested)
        {
            var attempt = context.Headers.Get<int>(AttemptHeader) ?? 0;
            if (attempt < options.Value.RedeliverySeconds.Count)
            {
                LogWait(message.AnalysisId, typeof(T).Name, attempt + 1, e);
                var queue = context.ReceiveContext.InputAddress.AbsolutePath.Split('/')[^1];
                var endpoint = await context.GetSendEndpoint(route.Address(queue, attempt));
                await endpoint.Send(context.Message, Pipe.Execute<SendContext<T>>(send =>
                {
                    send.MessageId = context.MessageId;
                    send.Headers.Set(AttemptHeader, attempt + 1);
                    route.Prepare(send, options.Value.RedeliveryDelay(attempt));
                }), context.CancellationToken);
                return;
            }

            LogDead(message.AnalysisId, typeof(T).Name, e);
            await FailAsync(context, message, ErrorCodes.StageFailed, "A stage of the analysis failed again and again.");
            throw; // the message itself goes to the error queue, where an operator finds it
        }
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("pipeline");

    private static Exception Unwrap(Exception e) => e is AggregateException { InnerException: { } inner } ? Unwrap(inner) : e;

    private static Task FailAsync(ConsumeContext<T> context, IAnalysisMessage message, string code, string detail) => context.Publish(new AnalysisFailed
    {
        AnalysisId = message.AnalysisId,
        Tenant = message.Tenant,
        Lane = message.Lane,
        Code = code,
        Detail = detail,
    }, CancellationToken.None);

    [LoggerMessage(1001, LogLevel.Information, "Analysis {AnalysisId} fails with {Code}: {Detail}")]
    private partial void LogInputFault(string analysisId, string code, string detail, Exception? exception);

    [LoggerMessage(1002, LogLevel.Warning, "Analysis {AnalysisId}: {Message} waits for try {Attempt}")]
    private partial void LogWait(string analysisId, string message, int attempt, Exception exception);

    [LoggerMessage(1003, LogLevel.Error, "Analysis {AnalysisId}: {Message} is dead after its last try")]
    private partial void LogDead(string analysisId, string message, Exception exception);
}

/// <summary>How a transport lets a message wait before it comes back to its queue.</summary>
internal interface IRedeliveryRoute
{
    /// <summary>Where to send a message of a queue that failed for the n-th time (from 0).</summary>
    Uri Address(string queue, int attempt);

    /// <summary>Sets what the transport needs on the message.</summary>
    void Prepare(SendContext context, TimeSpan delay);
}

/// <summary>The in-memory transport delays a message by itself.</summary>
internal sealed class InMemoryRedelivery : IRedeliveryRoute
{
    public Uri Address(string queue, int attempt) => new($"queue:{queue}");

    public void Prepare(SendContext context, TimeSpan delay) => context.Delay = delay;
}

/// <summary>RabbitMQ: the message goes to an exchange with a wait queue, whose time to live sends it back; see <see cref="WaitQueues"/>.</summary>
internal sealed class RabbitMqRedelivery : IRedeliveryRoute
{
    public Uri Address(string queue, int attempt) => new($"exchange:{WaitQueues.Name(queue, attempt)}");

    public void Prepare(SendContext context, TimeSpan delay)
    {
        // The queue's own time to live is the delay.
    }
}
