using Deepfake.Contracts;
using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Tests.Fusion;

public sealed class EnsembleTests
{
    private static readonly FusionManifest Fit = new()
    {
        Version = "1",
        Intercept = -1,
        Models = new Dictionary<string, double> { ["a"] = 1, ["b"] = 3 },
        Thresholds = VerdictThresholds.Default,
    };

    [Fact]
    public void A_model_that_is_missing_is_named_and_its_share_is_missed()
    {
        var ensemble = new Ensemble([Scored("a")], Fit);

        Assert.Equal(["a", "b"], ensemble.Models.Select(model => model.Name));
        Assert.Equal(0.25, ensemble.ShareOf([2, null]));
        Assert.Equal(-1 + (4 * 2), ensemble.Combine([2, null]));
    }

    [Fact]
    public void A_model_that_is_switched_off_is_not_missed_and_the_others_take_its_weight()
    {
        var ensemble = new Ensemble([Scored("a")], Fit with { Disabled = new HashSet<string> { "b", "unknown" } });

        Assert.Equal(["a"], ensemble.Models.Select(model => model.Name));
        Assert.Equal(1, ensemble.ShareOf([2]));
        Assert.Equal(-1 + (4 * 2), ensemble.Combine([2]));
    }

    [Fact]
    public void What_a_worker_still_said_of_a_model_that_is_switched_off_counts()
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b")], Fit with { Disabled = new HashSet<string> { "b" } });

        Assert.Equal(-1 + 2 + (3 * 4), ensemble.Combine([2, 4]));
    }

    [Theory]
    [InlineData(2.0, 5.0)]
    [InlineData(2.0, 0.5)]
    [InlineData(-8.0, 4.0)]
    [InlineData(8.0, -8.0)]
    public void The_odds_of_families_are_added(double a, double c)
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b"), Scored("c")], InFamilies);
        double general = -1 + a + (3 * a), special = -2 + (0.5 * c);

        Assert.Equal(Math.Log(Math.Exp(general) + Math.Exp(special)), ensemble.Combine([a, a, c])!.Value, 12);
        Assert.Equal([null, null, "synthesis"], Enumerable.Range(0, 3).Select(ensemble.FamilyOf));
    }

    [Fact]
    public void A_sure_family_is_not_drowned_by_others_that_see_nothing()
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b"), Scored("c")], InFamilies);
        Assert.InRange(ensemble.Combine([-8, -8, 8])!.Value, 2, 2.001);
        Assert.InRange(ensemble.Combine([8, 8, -8])!.Value, 31, 31.001);
        // However many say the same, it is at most ln(families) / sharpness more.
        Assert.Equal(1 + Math.Log(3) / 4, Ensemble.Join([1, 1, 1], 4), 12);
        Assert.Equal(-30, Ensemble.Join([-30], 1));
    }

    [Fact]
    public void A_family_that_gave_nothing_is_missed_and_the_others_keep_their_own_weight()
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b")], InFamilies);
        Assert.Equal(["a", "b", "c"], ensemble.Models.Select(model => model.Name));
        Assert.Equal(-1 + 2 + (3 * 1), ensemble.Combine([2, 1, null]));
        Assert.Equal(4 / 4.5, ensemble.ShareOf([2, 1, null]));
        Assert.Equal(1, new Ensemble([Scored("a"), Scored("b")], InFamilies with { Disabled = new HashSet<string> { "c" } }).ShareOf([2, 1]));
        // A family alone is judged by what it knows; inside a family the others take the weight.
        Assert.Equal(-2 + (0.5 * 3), new Ensemble([Scored("c")], InFamilies).Combine([3, null, null]));
        Assert.Equal(Math.Log(Math.Exp(-1 + (4 * 2)) + Math.Exp(-2 + 0.5)), ensemble.Combine([2, null, 1])!.Value, 12);
    }

    [Theory]
    [InlineData(2.0, 1.0, 4.0, -1 + 2 + (3 * 1) + (0.5 * 4))]
    [InlineData(2.0, 1.0, -4.0, -1 + 2 + (3 * 1) - (0.5 * 4))]
    [InlineData(2.0, 1.0, null, -1 + 2 + (3 * 1))]
    [InlineData(2.0, null, 4.0, -1 + (4 * 2) + (0.5 * 4))]
    [InlineData(null, null, 4.0, -1 + (0.5 * 4))]
    public void A_model_the_fit_does_not_know_joins_the_sum_by_the_weight_an_operator_gave(double? a, double? b, double? added, double expected)
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b"), Scored("new") with { GivenWeight = 0.5 }], Fit);

        Assert.Equal(expected, ensemble.Combine([a, b, added]));
        Assert.Equal([false, false, true], Enumerable.Range(0, 3).Select(ensemble.IsAdded));
        Assert.Equal(4 / 4.5, ensemble.ShareOf([2, 1, null]));
    }

    [Theory]
    [InlineData(null)]
    [InlineData(0.0)]
    public void Without_such_a_weight_it_observes(double? given)
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b"), Scored("new") with { GivenWeight = given }], Fit);

        Assert.Equal(-1 + 2 + 3, ensemble.Combine([2, 1, 8]));
        Assert.Equal((false, 1), (ensemble.IsAdded(2), ensemble.ShareOf([2, 1, null])));
        Assert.Null(ensemble.Combine([null, null, 8]));
    }

    private static FusionManifest InFamilies => Fit with
    {
        Models = new Dictionary<string, double> { ["a"] = 1, ["b"] = 3, ["c"] = 0.5 },
        Families = new Dictionary<string, FamilyMembers> { ["synthesis"] = new(-2, ["c"]) },
    };

    private static ModelScores Scored(string name) => new() { Name = name, Version = "1", Weight = 1, Provider = "cpu", Scores = [0.5f] };
}
