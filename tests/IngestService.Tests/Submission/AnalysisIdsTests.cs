using Deepfake.IngestService.Submission;
using Microsoft.Extensions.Time.Testing;

namespace Deepfake.IngestService.Tests.Submission;

public sealed class AnalysisIdsTests
{
    [Fact]
    public void Ids_hold_their_time_in_Crockford_base32()
    {
        // The ULID specification's own example: this time gives the prefix 01ARYZ6S41.
        var ids = new AnalysisIds(new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1469918176385)));

        var id = ids.Next();

        Assert.Matches("^an_[0-9a-hjkmnp-tv-z]{26}$", id);
        Assert.StartsWith("an_01aryz6s41", id, StringComparison.Ordinal);
    }

    [Fact]
    public void Ids_grow_even_while_the_clock_stands_or_goes_back()
    {
        var time = new FakeTimeProvider(DateTimeOffset.FromUnixTimeMilliseconds(1469918176385));
        var ids = new AnalysisIds(time);

        var made = new List<string>();
        for (var i = 0; i < 10_000; i++)
        {
            if (i == 5000) time.AdjustTime(time.GetUtcNow() - TimeSpan.FromHours(1));
            if (i == 9000) time.Advance(TimeSpan.FromHours(2));
            made.Add(ids.Next());
        }

        Assert.Equal(made.Order(StringComparer.Ordinal).Distinct(), made);
    }

    [Fact]
    public async Task Ids_of_many_threads_and_makers_differ()
    {
        var time = new FakeTimeProvider(DateTimeOffset.UtcNow);
        var makers = new[] { new AnalysisIds(time), new AnalysisIds(time) };

        var made = await Task.WhenAll(Enumerable.Range(0, 8).Select(n => Task.Run(() => Enumerable.Range(0, 5000).Select(_ => makers[n % 2].Next()).ToList())));

        Assert.Equal(40_000, made.SelectMany(ids => ids).Distinct().Count());
    }
}
