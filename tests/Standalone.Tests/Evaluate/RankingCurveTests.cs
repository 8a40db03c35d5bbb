using Deepfake.Standalone.Evaluate.Metrics;

namespace Deepfake.Standalone.Tests.Evaluate;

/// <summary>Expected values were computed with scikit-learn 1.2 (roc_auc_score, average_precision_score, roc_curve).</summary>
public sealed class RankingCurveTests
{
    private static readonly bool[] Fake = [false, false, true, true, false, true, false, true, true, false, true, false];
    private static readonly double[] Scores = [.1, .4, .35, .8, .4, .4, .2, .9, .05, .7, .6, .15];

    [Fact]
    public void Figures_are_those_of_scikit_learn_with_ties()
    {
        var figures = Curve(Scores, Fake).Measure()!.Value;
        Assert.Equal(0.6666666666666667, figures.Auc, 12);
        Assert.Equal(0.7410714285714285, figures.AveragePrecision, 12);
        Assert.Equal(0.38888888888888895, figures.EqualErrorRate, 12);
        Assert.Equal(1.0 / 3, figures.TprAtFpr1, 12);
        Assert.Equal(1.0 / 3, figures.TprAtFpr5, 12);
    }

    [Fact]
    public void A_cluster_counted_twice_is_a_cluster_written_twice()
    {
        // scikit-learn on the values repeated as often.
        var figures = Curve(Scores, Fake).Measure([2, 1, 0, 3, 1, 1, 2, 1, 1, 0, 2, 1])!.Value;
        Assert.Equal(0.8571428571428571, figures.Auc, 12);
        Assert.Equal(0.9138888888888889, figures.AveragePrecision, 12);
        Assert.Equal(0.17391304347826086, figures.EqualErrorRate, 12);
        Assert.Equal(0.75, figures.TprAtFpr1, 12);
    }

    [Fact]
    public void Perfect_order_is_perfect_and_the_reverse_is_nothing()
    {
        Assert.Equal(new RankingFigures(1, 1, 0, 1, 1), Curve([.1, .2, .8, .9], [false, false, true, true]).Measure());
        var reverse = Curve([.8, .9, .1, .2], [false, false, true, true]).Measure()!.Value;
        Assert.Equal((0, 1, 0), (reverse.Auc, reverse.EqualErrorRate, reverse.TprAtFpr5));
    }

    [Fact]
    public void Equal_scores_say_nothing() => Assert.Equal(0.5, Curve([.5, .5, .5], [true, false, false]).Measure()!.Value.Auc, 12);

    [Fact]
    public void One_class_alone_has_no_figures() => Assert.Null(Curve([.1, .2], [true, true]).Measure());

    [Fact]
    public void The_curve_runs_from_corner_to_corner_and_only_up()
    {
        var points = Curve(Scores, Fake).Points();
        Assert.Equal((0, 0), points[0]);
        Assert.Equal((1, 1), points[^1]);
        Assert.Equal(11, points.Count); // three of the twelve scores tie
        Assert.All(points.Zip(points.Skip(1)), pair => Assert.True(pair.Second.FalseRate >= pair.First.FalseRate && pair.Second.TrueRate >= pair.First.TrueRate));
    }

    private static RankingCurve Curve(double[] scores, bool[] fake) => new(scores, fake, [.. Enumerable.Range(0, scores.Length)]);
}
