using Deepfake.Contracts;
using MassTransit;
using MassTransit.Transports.Fabric;
using Microsoft.Extensions.Options;

namespace Deepfake.Infrastructure.Bus;

/// <summary>The bus inside one process.</summary>
internal static class InMemoryBus
{
    public static void Configure(IBusRegistrationContext context, IInMemoryBusFactoryConfigurator bus, IReadOnlyList<ConsumerRegistration> consumers, IOptions<BusOptions> options)
    {
        bus.Publish<IAnalysisMessage>(topology => topology.Exclude = true); // nobody consumes "any message"
        PipelineTopology.ForEach(PipelineTopology.Messages, typeof(InMemoryBus), nameof(Route), bus);
        foreach (var (consumer, settings) in consumers)
        {
            foreach (var (queue, routingKeys) in PipelineTopology.Queues(settings))
            {
                bus.ReceiveEndpoint(queue, endpoint =>
                {
                    endpoint.ConcurrentMessageLimit = settings.Concurrency;
                    // Nobody looks into the error queues of a process; the log has what was in them.
                    endpoint.DiscardFaultedMessages();
                    endpoint.DiscardSkippedMessages();
                    PipelineTopology.ForEach(PipelineTopology.Consumed(consumer), typeof(InMemoryBus), nameof(Bind), endpoint, routingKeys);
                    PipelineEndpoint.Configure(context, endpoint, consumer, settings, options.Value);
                });
            }
        }
    }

    private static void Route<T>(IInMemoryBusFactoryConfigurator bus)
        where T : class
    {
        bus.Publish<T>(topology => topology.ExchangeType = ExchangeType.Direct);
        bus.Send<T>(topology => topology.UseRoutingKeyFormatter(PipelineEndpoint.RoutingKey));
    }

    private static void Bind<T>(IInMemoryReceiveEndpointConfigurator endpoint, IReadOnlyList<string> routingKeys)
        where T : class
    {
        foreach (var key in routingKeys) endpoint.Bind<T>(ExchangeType.Direct, key);
    }
}
