using MassTransit;

namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// The broker confirms a message that no queue is bound for, and drops it. Of vital messages it is told to hand them back instead: the
/// publish fails, and is tried again when the consumers have declared their queues.
/// </summary>
internal sealed class MandatoryPublish<T> : IFilter<PublishContext<T>>
    where T : class
{
    private static readonly bool IsVital = PipelineTopology.Vital.Contains(typeof(T));

    public Task Send(PublishContext<T> context, IPipe<PublishContext<T>> next)
    {
        if (IsVital) context.Mandatory = true;
        return next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("mandatory");
}
