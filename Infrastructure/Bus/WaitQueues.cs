using MassTransit.Transports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// Declares the wait queues: for every queue and every pause an exchange with a queue whose messages live for that long and then return
/// to the queue they came from. The stock broker has no delayed exchange. Consumers start only when their wait queues are there.
/// </summary>
internal sealed partial class WaitQueues(Uri address, IReadOnlyList<ConsumerRegistration> consumers, BusOptions options, ILogger<WaitQueues> logger)
    : BackgroundService, IReceiveEndpointDependency
{
    private readonly TaskCompletionSource _declared = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <inheritdoc/>
    public Task Ready => _declared.Task;

    /// <summary>The pause is part of the name: with other pauses in the settings other queues are used, and the old ones run empty.</summary>
    public static string Name(string queue, TimeSpan delay) => $"{queue}-wait-{(long)delay.TotalMilliseconds}ms";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (; ; )
        {
            try
            {
                await DeclareAsync(stoppingToken);
                _declared.SetResult();
                return;
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or AlreadyClosedException or IOException or TimeoutException)
            {
                LogRetry(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken);
            }
        }
    }

    private async Task DeclareAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = address, AutomaticRecoveryEnabled = false }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var queue in consumers.SelectMany(consumer => PipelineTopology.Queues(consumer.Settings)).Select(binding => binding.Queue).Distinct())
        {
            foreach (var delay in options.RedeliverySeconds.Select(TimeSpan.FromSeconds).Distinct())
            {
                var name = Name(queue, delay);
                await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
                await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>(RabbitMqBus.NothingIsLost)
                {
                    ["x-message-ttl"] = (long)delay.TotalMilliseconds,
                    ["x-dead-letter-exchange"] = "",
                    ["x-dead-letter-routing-key"] = queue,
                }, cancellationToken: cancellationToken);
                await channel.QueueBindAsync(name, name, "", cancellationToken: cancellationToken);
            }
        }
    }

    [LoggerMessage(1020, LogLevel.Warning, "The broker does not answer yet: {Reason}")]
    private partial void LogRetry(string reason);
}
