using Deepfake.TestServers;

namespace Deepfake.Infrastructure.Tests;

/// <summary>The servers that the tests of this project share, started when first asked for.</summary>
public sealed class Servers : IAsyncLifetime
{
    public const string Collection = "servers";

    public ServerSet Set { get; } = new();

    public Task InitializeAsync() => Task.CompletedTask;

    public Task DisposeAsync() => Set.DisposeAsync().AsTask();
}

[CollectionDefinition(Servers.Collection)]
public sealed class ServersDefinition : ICollectionFixture<Servers>;
