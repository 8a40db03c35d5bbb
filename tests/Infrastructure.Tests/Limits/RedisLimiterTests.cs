using Deepfake.Infrastructure.Limits;

namespace Deepfake.Infrastructure.Tests.Limits;

[Collection(Servers.Collection)]
public sealed class RedisLimiterTests(Servers servers) : LimiterContract
{
    private readonly List<RedisLimiter> _opened = [];
    private string _connection = "";

    public override async Task InitializeAsync()
    {
        _connection = await servers.Set.NewRedisDatabaseAsync();
        Limiter = Beside();
    }

    public override Task DisposeAsync()
    {
        foreach (var limiter in _opened) limiter.Dispose();
        return Task.CompletedTask;
    }

    protected override ILimiter Beside()
    {
        var limiter = new RedisLimiter(_connection, TimeProvider.System);
        _opened.Add(limiter);
        return limiter;
    }
}
