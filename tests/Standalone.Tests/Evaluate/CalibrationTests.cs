using Deepfake.Standalone.Evaluate.Metrics;

namespace Deepfake.Standalone.Tests.Evaluate;

/// <summary>Sixty drawn probabilities; expected values from scikit-learn 1.2 and numpy 1.24.</summary>
public sealed class CalibrationTests
{
    private const string Labels = "110011110110100010011011001010110010100100001001011101010101";

    private static readonly double[] Probabilities =
    [
        .7, .27, .41, .21, .75, .19, .42, .74, .63, .17, .5, .47, .48, .72, .16, .47, .39, .68, .4, .53, .26, .74, .75, .75, .63, .47, .47, .24, .44, .67,
        .31, .48, .34, .44, .72, .15, .25, .4, .64, .75, .44, .34, .46, .35, .76, .24, .43, .58, .51, .64, 1, .9, .7, .19, .33, .48, .51, .14, .63, .81,
    ];

    private static bool[] Fake => [.. Labels.Select(label => label == '1')];

    [Fact]
    public void Brier_score_and_calibration_error_are_those_of_the_reference()
    {
        var reliability = Reliability.Measure(Probabilities, Fake)!;
        Assert.Equal(0.2588816666666667, reliability.Brier, 12);
        Assert.Equal(0.16683333333333336, reliability.Ece, 12);
        Assert.Equal(60, reliability.Bins.Sum(bin => bin.Count));
        Assert.Equal(9, reliability.Bins.Count);
        Assert.Equal((1.0 / 1, 1.0), (reliability.Bins[^1].ShareFake, reliability.Bins[^1].High));
    }

    [Fact]
    public void Nothing_is_not_calibrated() => Assert.Null(Reliability.Measure([], []));

    [Fact]
    public void The_interval_agrees_with_the_one_of_the_training_code()
    {
        var curve = new RankingCurve(Probabilities, Fake, [.. Enumerable.Range(0, 60)]);
        Assert.Equal(0.6072222222222222, curve.Measure()!.Value.Auc, 12);
        var interval = Bootstrap.Of(curve, 2000)[0];
        // numpy's draws, 2000 rounds: 0.4635 to 0.7471. Other draws move the ends by about a hundredth.
        Assert.InRange(interval.Low, 0.445, 0.48);
        Assert.InRange(interval.High, 0.73, 0.765);
        Assert.Equal(interval, Bootstrap.Of(curve, 2000)[0]);
    }

    [Fact]
    public void Clusters_make_the_interval_wider_when_their_members_agree()
    {
        double[] said = [.9, .2, .8, .7, .85, .6, .8, .1, .3, .75, .2, .4];
        double[] scores = [.. said.SelectMany(score => Enumerable.Repeat(score, 4))];
        bool[] fake = [.. scores.Select((_, i) => i < 24)];
        int[] clusters = [.. scores.Select((_, i) => i / 4)];
        var alone = Bootstrap.Of(new RankingCurve(scores, fake, [.. Enumerable.Range(0, 48)]), 500)[0];
        var together = Bootstrap.Of(new RankingCurve(scores, fake, clusters), 500)[0];
        Assert.True(together.High - together.Low > alone.High - alone.Low);
    }

    [Theory]
    [InlineData(1, 1, false)]
    [InlineData(1, 50, false)]
    [InlineData(50, 4, false)]
    [InlineData(5, 5, true)]
    public void Where_there_is_nothing_to_resample_there_is_no_interval(int reals, int fakes, bool expected)
    {
        bool[] fake = [.. Enumerable.Range(0, reals + fakes).Select(i => i >= reals)];
        var curve = new RankingCurve([.. fake.Select((_, i) => i / 100.0)], fake, [.. Enumerable.Range(0, fake.Length)]);
        Assert.Equal(expected, Bootstrap.Of(curve, 50).Count > 0);
        // Ten values of one cluster are one.
        Assert.Empty(Bootstrap.Of(new RankingCurve([.. fake.Select((_, i) => i / 100.0)], fake, [.. fake.Select(one => one ? 1 : 0)]), 50));
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(0.5, 2.5)]
    [InlineData(0.9, 3.7)]
    [InlineData(1, 4)]
    public void Quantiles_are_linear_between_neighbours(double share, double expected) =>
        Assert.Equal(expected, Bootstrap.Quantile([1, 2, 3, 4], share), 12);
}
