using Deepfake.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

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
        endpoint.UseFilter(new AnalysisTrace(context.GetRequiredService<ILogger<AnalysisTrace>>()));
        endpoint.UseFilter(new PipelineFilter(context.GetRequiredService<IRedeliveryRoute>(), options, context.GetRequiredService<ILogger<PipelineFilter>>()));
        PipelineTopology.ForEach([consumer], typeof(PipelineEndpoint), nameof(Consume), context, endpoint, settings, options);
    }

    // On the consumer, since the retries of an endpoint would stand around the filter above. The time limit is that of one try.
    private static void Consume<T>(IBusRegistrationContext context, IReceiveEndpointConfigurator endpoint, ConsumerSettings settings, BusOptions options)
        where T : class, IConsumer => endpoint.ConfigureConsumer<T>(context, consumer =>
        {
            consumer.UseMessageRetry(retry =>
            {
                retry.Intervals([.. options.RetryMilliseconds]);
                retry.Ignore<AnalysisFaultException>();
            });
            consumer.UseTimeout(timeout => timeout.Timeout = settings.Timeout);
        });

    public static string RoutingKey<T>(SendContext<T> context)
        where T : class => context.Message is IAnalysisMessage message ? PipelineTopology.RoutingKey(message.Lane) : "";
}
