using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using RabbitMQ.Client;
using RabbitMQ.Client.Exceptions;

namespace Deepfake.Infrastructure.Bus;

/// <summary>
/// Declares the wait queues before the bus starts: for every queue and every pause an exchange with a queue whose messages live for
/// that long and then return to the queue they came from. The stock broker has no delayed exchange.
/// </summary>
internal sealed partial class WaitQueues(Uri address, IReadOnlyList<ConsumerRegistration> consumers, BusOptions options, ILogger<WaitQueues> logger) : BackgroundService
{
    public static string Name(string queue, int attempt) => $"{queue}-wait-{attempt + 1}";

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        for (; ; )
        {
            try
            {
                await DeclareAsync(stoppingToken);
                return;
            }
            catch (Exception e) when (e is BrokerUnreachableException or OperationInterruptedException or IOException or TimeoutException)
            {
                LogRetry(e.Message);
                await Task.Delay(TimeSpan.FromSeconds(1), stoppingToken);
            }
        }
    }

    private async Task DeclareAsync(CancellationToken cancellationToken)
    {
        await using var connection = await new ConnectionFactory { Uri = address }.CreateConnectionAsync(cancellationToken);
        await using var channel = await connection.CreateChannelAsync(cancellationToken: cancellationToken);
        foreach (var queue in consumers.SelectMany(consumer => PipelineTopology.Queues(consumer.Settings)).Select(binding => binding.Queue))
        {
            for (var attempt = 0; attempt < options.RedeliverySeconds.Count; attempt++)
            {
                var name = Name(queue, attempt);
                await channel.ExchangeDeclareAsync(name, ExchangeType.Fanout, durable: true, cancellationToken: cancellationToken);
                await channel.QueueDeclareAsync(name, durable: true, exclusive: false, autoDelete: false, new Dictionary<string, object?>
                {
                    ["x-queue-type"] = "quorum",
                    ["x-message-ttl"] = (long)options.RedeliveryDelay(attempt).TotalMilliseconds,
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
