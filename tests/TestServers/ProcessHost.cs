namespace Deepfake.TestServers;

/// <summary>Servers as child processes, from the packages of the machine.</summary>
internal sealed class ProcessHost : IServerHost
{
    public async Task<IRestartableServer> StartRabbitMqAsync() => await RabbitMqProcess.StartAsync();

    public async Task<IRestartableServer> StartRedisAsync() => await RedisProcess.StartAsync();

    public async Task<IRestartableServer> StartPostgresAsync() => await PostgresProcess.StartAsync();

    public async Task<ITestServer> StartS3Async() => await CephProcess.StartAsync();
}
