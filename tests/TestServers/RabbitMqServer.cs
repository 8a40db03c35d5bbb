namespace Deepfake.TestServers;

/// <summary>A RabbitMQ of one's own that keeps its queues over a restart.</summary>
public sealed class RabbitMqServer : RestartableServer
{
    private RabbitMqServer(IRestartableServer server)
        : base(server)
    {
    }

    /// <summary>Starts a broker and waits until it speaks AMQP.</summary>
    public static async Task<RabbitMqServer> StartAsync() => new(await (await ServerHosts.CurrentAsync()).StartRabbitMqAsync());

    /// <summary>Runs rabbitmqctl against the node, e.g. <c>list_queues name messages</c>.</summary>
    /// <returns>What it printed.</returns>
    public Task<string> ControlAsync(params string[] arguments) => RunAsync(["rabbitmqctl", "-q", .. arguments]);
}
