using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class EndpointLanesTests
{
    [Fact]
    public void What_exceeds_the_limit_of_an_endpoint_waits_and_takes_the_place_that_becomes_free()
    {
        var lanes = new EndpointLanes<string>(2);
        Assert.Equal([true, true, false, false], [lanes.Enter("a", "1"), lanes.Enter("a", "2"), lanes.Enter("a", "3"), lanes.Enter("a", "4")]);
        Assert.True(lanes.Enter("b", "5"), "another endpoint is not concerned");
        Assert.Equal<string?[]>(["3", "4", null, null], [lanes.Next("a", null), lanes.Next("a", null), lanes.Next("a", null), lanes.Next("a", null)]);
        Assert.Null(lanes.Delay("a"));
    }

    [Fact]
    public void A_quick_endpoint_may_queue_and_a_slow_one_has_its_deliveries_come_back_later()
    {
        var lanes = new EndpointLanes<string>(1);
        lanes.Enter("slow", "running");
        lanes.Enter("quick", "running");
        for (var i = 0; i < 20; i++)
        {
            lanes.Enter("slow", "waiting");
            lanes.Enter("quick", "waiting");
            Assert.NotNull(lanes.Next("slow", TimeSpan.FromSeconds(15)));
            Assert.NotNull(lanes.Next("quick", TimeSpan.FromMilliseconds(10)));
        }

        Assert.InRange(lanes.Delay("slow")!.Value, TimeSpan.FromSeconds(14), TimeSpan.FromSeconds(15));
        var queued = 0;
        for (; lanes.Delay("quick") is null; queued++) lanes.Enter("quick", "waiting");
        Assert.Equal(256, queued);
        for (var i = 0; i < 50; i++) lanes.Enter("slow", "waiting");
        Assert.Equal(TimeSpan.FromMinutes(1), lanes.Delay("slow"));
    }
}
