using Deepfake.Contracts;
using MassTransit;

namespace Deepfake.Infrastructure.Bus;

/// <summary>What every receive endpoint has in common, whatever the transport.</summary>
internal static class PipelineEndpoint
{
    public static void Configure(
        IBusRegistrationContext context, IReceiveEndpointConfigurator endpoint, Type consumer, ConsumerSettings settings, BusOptions options)
    {
        endpoint.ConfigureConsumeTopology = false;
        endpoint.PublishFaults = false;
        endpoint.PrefetchCount = settings.Prefetch > 0 ? settings.Prefetch : settings.Concurrency;
        endpoint.UseConsumeFilter(typeof(PipelineFilter<>), context);
        endpoint.UseMessageRetry(retry =>
        {
            retry.Intervals([.. options.RetryMilliseconds]);
            retry.Ignore<AnalysisFaultException>();
        });
        endpoint.UseTimeout(timeout => timeout.Timeout = settings.Timeout);
        endpoint.ConfigureConsumer(context, consumer);
    }

    public static string RoutingKey<T>(SendContext<T> context)
        where T : class => context.Message is IAnalysisMessage message ? PipelineTopology.RoutingKey(message.Lane) : "";
}
