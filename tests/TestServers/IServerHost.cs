namespace Deepfake.TestServers;

/// <summary>Where test servers run. Each method starts one and completes when it answers.</summary>
internal interface IServerHost
{
    Task<IRestartableServer> StartRabbitMqAsync();

    Task<IRestartableServer> StartRedisAsync();

    Task<IRestartableServer> StartPostgresAsync();

    Task<ITestServer> StartS3Async();
}
