using Deepfake.Infrastructure.Limits;

namespace Deepfake.Infrastructure.Tests.Limits;

/// <summary>What every limiter promises; run against each adapter.</summary>
public abstract class LimiterContract : IAsyncLifetime
{
    private protected static readonly CancellationToken None = CancellationToken.None;
    private static readonly TimeSpan Slow = TimeSpan.FromHours(1);

    private protected ILimiter Limiter { get; set; } = null!;

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>Another gateway's limiter that counts together with the first; the same one where there is but one process.</summary>
    protected abstract ILimiter Beside();

    [Fact]
    public async Task A_full_bucket_gives_its_tokens_and_no_more_however_many_ask_at_once()
    {
        var gateways = new[] { Limiter, Beside() };

        var granted = await Task.WhenAll(Enumerable.Range(0, 500).Select(i => Task.Run(async () => (await gateways[i % 2].TakeAsync([Rate("a", 100, Slow)], None)).Granted)));

        Assert.Equal(100, granted.Count(yes => yes));
    }

    [Fact]
    public async Task A_days_quota_gives_its_units_and_no_more_however_many_ask_at_once()
    {
        var gateways = new[] { Limiter, Beside() };

        var granted = await Task.WhenAll(Enumerable.Range(0, 300).Select(i => Task.Run(async () => (await gateways[i % 2].TakeAsync([Day("a", 1000, 7)], None)).Granted)));

        Assert.Equal(142, granted.Count(yes => yes)); // 142 × 7 = 994
        Assert.Equal(6, (await Limiter.TakeAsync([Day("a", 1000, 7)], None)).States[0].Remaining);
        Assert.True((await Limiter.TakeAsync([Day("a", 1000, 6)], None)).Granted);
    }

    [Fact]
    public async Task What_does_not_fit_takes_nothing_of_anything()
    {
        await Limiter.TakeAsync([Day("quota", 10, 9)], None);

        var refused = await Limiter.TakeAsync([Rate("bucket", 5, Slow), Day("quota", 10, 2), Day("other", 3)], None);

        Assert.False(refused.Granted);
        Assert.Equal([5, 1, 3], refused.States.Select(state => state.Remaining));
        Assert.Equal([true, false, true], refused.States.Select(state => state.Wait == TimeSpan.Zero));
        var granted = await Limiter.TakeAsync([Rate("bucket", 5, Slow), Day("quota", 10), Day("other", 3)], None);
        Assert.True(granted.Granted);
        Assert.Equal([4, 0, 2], granted.States.Select(state => state.Remaining));
    }

    [Fact]
    public async Task Names_are_counted_apart()
    {
        Assert.True((await Limiter.TakeAsync([Rate("a", 1, Slow)], None)).Granted);
        Assert.True((await Limiter.TakeAsync([Rate("b", 1, Slow)], None)).Granted);
        Assert.False((await Limiter.TakeAsync([Rate("a", 1, Slow)], None)).Granted);
    }

    [Fact]
    public async Task A_refusal_says_how_long_to_wait()
    {
        for (var i = 0; i < 3; i++) await Limiter.TakeAsync([Rate("a", 3, Slow)], None);

        var state = Assert.Single((await Limiter.TakeAsync([Rate("a", 3, Slow)], None)).States);

        Assert.InRange(state.Wait, TimeSpan.FromMinutes(55), Slow);
        Assert.InRange(state.Reset, TimeSpan.FromMinutes(175), TimeSpan.FromHours(3));
        var quota = (await Limiter.TakeAsync([Day("b", 1, 2)], None)).States[0];
        Assert.InRange(quota.Wait, TimeSpan.FromTicks(1), TimeSpan.FromDays(1));
    }

    [Fact]
    public async Task A_token_comes_back()
    {
        await Limiter.TakeAsync([Rate("a", 1, TimeSpan.FromMilliseconds(50))], None);

        await Eventually.TrueAsync(async () => (await Limiter.TakeAsync([Rate("a", 1, TimeSpan.FromMilliseconds(50))], None)).Granted, "a token comes back");
    }

    [Fact]
    public async Task A_quota_is_corrected_afterwards_but_not_below_nothing()
    {
        await Limiter.TakeAsync([Day("a", 100, 40)], None);

        await Limiter.CorrectAsync("a", 25, None);
        Assert.Equal(34, await RemainingAsync());
        await Limiter.CorrectAsync("a", -10, None);
        Assert.Equal(43, await RemainingAsync());
        await Limiter.CorrectAsync("a", -1000, None);
        Assert.Equal(99, await RemainingAsync());
        await Limiter.CorrectAsync("a", 1000, None);
        Assert.False((await Limiter.TakeAsync([Day("a", 100)], None)).Granted);

        async Task<long> RemainingAsync() => (await Limiter.TakeAsync([Day("a", 100)], None)).States[0].Remaining;
    }

    [Fact]
    public async Task Large_numbers_are_counted_exactly()
    {
        const long Terabytes = 5_000_000_000_001;

        Assert.Equal(Terabytes - 3_000_000_000_000, (await Limiter.TakeAsync([Day("a", Terabytes, 3_000_000_000_000)], None)).States[0].Remaining);
        Assert.False((await Limiter.TakeAsync([Day("a", Terabytes, 2_000_000_000_002)], None)).Granted);
        Assert.True((await Limiter.TakeAsync([Day("a", Terabytes, 2_000_000_000_001)], None)).Granted);
    }

    private protected static LimitClaim Rate(string name, long limit, TimeSpan interval) => new(name, LimitKind.Rate, limit, Interval: interval);

    private protected static LimitClaim Day(string name, long limit, long amount = 1) => new(name, LimitKind.Day, limit, amount);
}
