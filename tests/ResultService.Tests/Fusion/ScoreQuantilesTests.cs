using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Tests.Fusion;

public sealed class ScoreQuantilesTests
{
    private static readonly ScoreQuantiles Quantiles = new([0.1, 0.2, 0.3, 0.3, 0.5], [0.4, 0.9]);

    [Theory]
    [InlineData(0.0, 1.0)]
    [InlineData(0.1, 1.0)]
    [InlineData(0.15, 0.875)]
    [InlineData(0.2, 0.75)]
    [InlineData(0.3, 0.5)]
    [InlineData(0.4, 0.125)]
    [InlineData(0.5, 0.125)] // what was not seen may still be: half a step at least
    [InlineData(0.9, 0.125)]
    public void The_share_above_is_even_between_quantiles(double probability, double share) => Assert.Equal(share, Quantiles.Meaning(probability).AuthenticShare, 9);

    [Fact]
    public void Fakes_have_shares_of_their_own() => Assert.Equal(0.8, Quantiles.Meaning(0.5).ManipulatedShare, 9);

    [Fact]
    public void A_higher_score_is_never_rarer_the_other_way_round()
    {
        var shares = Enumerable.Range(0, 1001).Select(i => Quantiles.Meaning(i / 1000.0).AuthenticShare).ToList();
        Assert.Equal(shares.OrderDescending(), shares);
    }

    [Fact]
    public void Only_ascending_probabilities_are_quantiles()
    {
        Assert.True(Quantiles.IsValid);
        Assert.False((Quantiles with { Fake = [0.5] }).IsValid);
        Assert.False((Quantiles with { Fake = [0.5, 0.4] }).IsValid);
        Assert.False((Quantiles with { Real = [0, 1.1] }).IsValid);
        Assert.False((Quantiles with { Real = null! }).IsValid);
    }
}
