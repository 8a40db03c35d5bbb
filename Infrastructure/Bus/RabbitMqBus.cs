using Deepfake.Contracts;
using MassTransit;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;

namespace Deepfake.Infrastructure.Bus;

/// <summary>The bus between processes: quorum queues, confirmed publishes.</summary>
internal static class RabbitMqBus
{
    /// <summary>Exchange that takes what a queue gave up: a message whose consumers died again and again.</summary>
    public const string DeadExchange = "deepfake-dead";

    /// <summary>
    /// Arguments of every queue: replicated, and a dead letter leaves only when its target has confirmed it. That in turn needs a queue
    /// which refuses, rather than drops, when it is full; no limit is set here.
    /// </summary>
    public static IReadOnlyDictionary<string, object?> NothingIsLost { get; } = new Dictionary<string, object?>
    {
        ["x-queue-type"] = "quorum",
        ["x-dead-letter-strategy"] = "at-least-once",
        ["x-overflow"] = "reject-publish",
    };

    public static void Configure(
        IBusRegistrationContext context, IRabbitMqBusFactoryConfigurator bus, Uri address, IReadOnlyList<ConsumerRegistration> consumers, BusOptions options)
    {
        var waits = context.GetRequiredService<WaitQueues>();
        bus.Host(address, host =>
        {
            host.PublisherConfirmation = true;
            host.RequestedConnectionTimeout(TimeSpan.FromSeconds(10));
        });
        bus.UsePublishFilter(typeof(MandatoryPublish<>), context);
        bus.Publish<IAnalysisMessage>(topology => topology.Exclude = true); // nobody consumes "any message"
        PipelineTopology.ForEach(PipelineTopology.Messages, typeof(RabbitMqBus), nameof(Route), bus);
        foreach (var (consumer, settings) in consumers)
        {
            foreach (var (queue, routingKeys) in PipelineTopology.Queues(settings))
            {
                bus.ReceiveEndpoint(queue, endpoint =>
                {
                    endpoint.AddDependency(waits);
                    foreach (var (name, value) in NothingIsLost) endpoint.SetQueueArgument(name, value);
                    endpoint.SetQueueArgument("x-delivery-limit", options.DeliveryLimit);
                    endpoint.SetQueueArgument("x-dead-letter-exchange", DeadExchange);
                    endpoint.ConcurrentMessageLimit = settings.Concurrency;
                    PipelineTopology.ForEach(PipelineTopology.Consumed(consumer), typeof(RabbitMqBus), nameof(Bind), endpoint, routingKeys);
                    PipelineEndpoint.Configure(context, endpoint, consumer, settings, options);
                });
            }
        }

        // Whichever host comes first declares it; every host consumes from it, since any may be the one that is left.
        bus.ReceiveEndpoint("dead-letters", endpoint =>
        {
            endpoint.SetQuorumQueue();
            endpoint.ConfigureConsumeTopology = false;
            endpoint.PublishFaults = false;
            endpoint.UseFilter(new AnalysisTrace(context.GetRequiredService<ILogger<AnalysisTrace>>()));
            endpoint.Bind(DeadExchange, binding => binding.ExchangeType = ExchangeType.Fanout);
            endpoint.ConfigureConsumer<DeadLetterConsumer>(context);
        });
    }

    private static void Route<T>(IRabbitMqBusFactoryConfigurator bus)
        where T : class
    {
        bus.Publish<T>(topology => topology.ExchangeType = ExchangeType.Direct);
        bus.Send<T>(topology => topology.UseRoutingKeyFormatter(PipelineEndpoint.RoutingKey));
    }

    private static void Bind<T>(IRabbitMqReceiveEndpointConfigurator endpoint, IReadOnlyList<string> routingKeys)
        where T : class
    {
        foreach (var key in routingKeys)
        {
            endpoint.Bind<T>(binding =>
            {
                binding.ExchangeType = ExchangeType.Direct;
                binding.RoutingKey = key;
            });
        }
    }
}
