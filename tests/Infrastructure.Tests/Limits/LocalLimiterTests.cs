using Deepfake.Infrastructure.Limits;
using Microsoft.Extensions.Time.Testing;

namespace Deepfake.Infrastructure.Tests.Limits;

public sealed class LocalLimiterTests : LimiterContract
{
    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    public override Task InitializeAsync()
    {
        Limiter = new LocalLimiter(TimeProvider.System);
        return Task.CompletedTask;
    }

    public override Task DisposeAsync() => Task.CompletedTask;

    [Fact]
    public async Task A_bucket_fills_up_evenly_and_not_over_its_brim()
    {
        var clock = new FakeTimeProvider();
        var limiter = new LocalLimiter(clock);
        Assert.Equal(3, await DrainAsync());

        clock.Advance(Second);
        Assert.Equal(1, await DrainAsync());
        clock.Advance(0.5 * Second);
        Assert.Equal(0, await DrainAsync());
        clock.Advance(0.5 * Second);
        Assert.Equal(1, await DrainAsync());
        clock.Advance(100 * Second);
        Assert.Equal(3, await DrainAsync());

        async Task<int> DrainAsync()
        {
            for (var taken = 0; ; taken++)
            {
                if (!(await limiter.TakeAsync([Rate("a", 3, Second)], None)).Granted) return taken;
            }
        }
    }

    [Fact]
    public async Task In_the_long_run_no_more_passes_than_the_rate()
    {
        var clock = new FakeTimeProvider();
        var limiter = new LocalLimiter(clock);
        var granted = 0;
        for (var i = 0; i < 10_000; i++)
        {
            if ((await limiter.TakeAsync([Rate("a", 20, TimeSpan.FromMilliseconds(100))], None)).Granted) granted++;
            clock.Advance(TimeSpan.FromMilliseconds(7));
        }

        // 20 at first, then 10 a second for 70 s, but for the token under way at the end.
        Assert.InRange(granted, 719, 720);
    }

    [Fact]
    public async Task A_day_begins_anew_at_midnight_utc()
    {
        var clock = new FakeTimeProvider();
        var limiter = new LocalLimiter(clock);
        await limiter.TakeAsync([Day("a", 10, 10)], None);
        var rest = (await limiter.TakeAsync([Day("a", 10)], None)).States[0].Wait;

        clock.Advance(rest - TimeSpan.FromMilliseconds(1));
        Assert.False((await limiter.TakeAsync([Day("a", 10)], None)).Granted);
        clock.Advance(TimeSpan.FromMilliseconds(1));

        Assert.Equal(TimeSpan.Zero, clock.GetUtcNow().TimeOfDay);
        Assert.Equal(9, (await limiter.TakeAsync([Day("a", 10)], None)).States[0].Remaining);
    }

    protected override ILimiter Beside() => Limiter;
}
