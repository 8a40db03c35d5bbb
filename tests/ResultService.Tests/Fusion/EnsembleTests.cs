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
    [InlineData(2.0, 2.0, -1 + 2 + (3 * 1.5))]
    [InlineData(2.0, 0.5, 1.0)]
    [InlineData(2.0, -8.0, 1.0)]
    [InlineData(null, 2.0, -1 + (3 * 1.5))]
    [InlineData(null, 0.5, null)]
    [InlineData(null, -8.0, null)]
    public void A_specialist_raises_from_its_floor_on_and_never_speaks_a_face_free(double? general, double? special, double? expected)
    {
        var ensemble = new Ensemble([Scored("a"), Scored("b")], Specialised);
        Assert.Equal((false, true), (ensemble.IsSpecialist(0), ensemble.IsSpecialist(1)));
        Assert.Equal(expected, ensemble.Combine([general, special]));
    }

    [Fact]
    public void A_specialist_that_is_missing_or_switched_off_leaves_no_weight_to_the_others()
    {
        Assert.Equal(-1 + 2, new Ensemble([Scored("a")], Specialised).Combine([2, null]));
        Assert.Equal(-1 + 2, new Ensemble([Scored("a")], Specialised with { Disabled = new HashSet<string> { "b" } }).Combine([2]));
        Assert.Equal(0.25, new Ensemble([Scored("a")], Specialised).ShareOf([2, null]));
    }

    [Fact]
    public void Specialists_alone_are_not_the_ensemble_that_was_fitted()
    {
        var ensemble = new Ensemble([Scored("b")], Specialised);
        Assert.Null(ensemble.Fit);
        Assert.Null(ensemble.Combine([2]));
        Assert.Null(new Ensemble([Scored("a") with { Weight = 0, WeightFactor = 0 }, Scored("b")], Specialised).Combine([2, -2]));
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

    private static FusionManifest Specialised => Fit with { Floors = new Dictionary<string, double> { ["b"] = 0.5 } };

    private static ModelScores Scored(string name) => new() { Name = name, Version = "1", Weight = 1, Provider = "cpu", Scores = [0.5f] };
}
