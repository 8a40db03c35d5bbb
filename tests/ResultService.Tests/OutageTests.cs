using System.Reflection;
using StackExchange.Redis;

namespace Deepfake.ResultService.Tests;

public sealed class OutageTests
{
    [Theory]
    [InlineData("LOADING Redis is loading the dataset in memory")]
    [InlineData("READONLY You can't write against a read only replica.")]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.")]
    public void A_redis_that_cannot_now_is_away(string answer) =>
        Assert.True(Outage.Is((Exception)Activator.CreateInstance(typeof(RedisServerException), BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, [answer], null)!));

    [Fact]
    public void A_defect_is_no_outage() => Assert.False(Outage.Is(new InvalidOperationException()));
}
