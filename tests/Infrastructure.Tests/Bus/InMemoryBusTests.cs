namespace Deepfake.Infrastructure.Tests.Bus;

public sealed class InMemoryBusTests : BusContract
{
    protected override Task<string?> AmqpAsync() => Task.FromResult<string?>(null);
}
