using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Fusion;
using static Deepfake.ResultService.Tests.Fusion.Medium;

namespace Deepfake.ResultService.Tests.Fusion;

public sealed class MediaFusionTests
{
    /// <summary>Forensics that arrived and have nothing to say; none at all count as missing.</summary>
    private static readonly Signal[] Quiet = [Signal("noise", 0)];

    private static FusedEvidence FuseImage(FusionManifest? fit, params ModelScores[] models) => MediaFusion.Fuse(Image(), [new ShardScores(0, models)], Quiet, fit);

    [Fact]
    public void One_model_without_a_fit_keeps_its_calibrated_probability_and_says_that_thresholds_are_defaults()
    {
        var fused = FuseImage(null, Model("a", 0.73f));

        Assert.Equal(0.73, fused.Probability!.Value, 4);
        Assert.Equal(Verdict.Suspicious, fused.Decision.Verdict);
        Assert.Equal([ReasonCodes.ElevatedFaceScore], fused.Decision.Reasons);
        Assert.Equal(["sampled", WarningCodes.DefaultThresholds], fused.Warnings);
        Assert.Equal(0.73, Assert.Single(fused.Models).Score!.Value, 4);
        Assert.Equal(1, fused.DecidingTrack);
    }

    [Fact]
    public void Two_models_without_a_fit_are_averaged_in_log_odds_by_their_manifest_weights()
    {
        // (3 · logit 0.9 + 1 · logit 0.5) / 4 = 3/4 · ln 9; sigmoid of it:
        var fused = FuseImage(null, Model("a", 0.9f) with { Weight = 3 }, Model("b", 0.5f));

        Assert.Equal(0.8386, fused.Probability!.Value, 3);
        Assert.Equal([0.75, 0.25], fused.Models.Select(model => model.Weight));
    }

    [Fact]
    public void A_fit_adds_its_intercept_to_the_weighted_logits()
    {
        // −0.5 + 2 · ln 4 + 0.5 · ln 0.25 = −0.5 + 1.5 · ln 4 = 1.57944; sigmoid = 0.82913
        var fused = FuseImage(Fit(-0.5, ("a", 2), ("b", 0.5)), Model("a", 0.8f), Model("b", 0.2f));

        Assert.Equal(0.8291, fused.Probability!.Value, 4);
        Assert.Equal(Verdict.Manipulated, fused.Decision.Verdict);
        Assert.DoesNotContain(WarningCodes.DefaultThresholds, fused.Warnings);
    }

    [Fact]
    public void Without_a_broken_model_the_fit_of_the_others_decides_confidence_falls_and_the_model_is_named()
    {
        var alone = new ReducedFit { Models = new Dictionary<string, double> { ["a"] = 2 }, Thresholds = new VerdictThresholds(0.6, 0.95), FalsePositiveRate = 0.02 };
        var fit = Fit(0, ("a", 1), ("b", 1)) with { Reduced = [alone], FalsePositiveRate = 0.01 };
        var whole = FuseImage(fit, Model("a", 0.9f), Model("b", 0.9f));
        var broken = FuseImage(fit, Model("a", 0.9f), Broken("b"));

        Assert.Equal(whole.Probability, broken.Probability); // 1 + 1 and 2 are the same weight
        Assert.Equal((Verdict.Manipulated, alone.Thresholds, 0.02), (broken.Decision.Verdict, broken.Thresholds, broken.FalsePositiveRate!.Value));
        Assert.Equal([ReasonCodes.HighFaceScore, ReasonCodes.ModelsMissing], broken.Decision.Reasons);
        Assert.Equal(whole.Decision.Confidence!.Value / 2, broken.Decision.Confidence!.Value, 0.1);
        Assert.Equal(("b", null, "out of memory", 1.0), (broken.Models[1].Name, broken.Models[1].Score, broken.Models[1].Error, broken.Models[1].Weight));
    }

    [Theory]
    [InlineData(0.99f)]
    [InlineData(0.01f)]
    public void Where_nobody_fitted_the_others_alone_no_verdict_is_given_and_no_rate_claimed(float score)
    {
        var fit = Fit(0, ("a", 1), ("b", 1)) with { FalsePositiveRate = 0.01 };
        var broken = FuseImage(fit, Model("a", score), Broken("b"));

        Assert.Equal((Verdict.Inconclusive, null, null), (broken.Decision.Verdict, broken.FalsePositiveRate, broken.Meaning));
        Assert.Equal([ReasonCodes.ModelsMissing], broken.Decision.Reasons);
        Assert.NotNull(broken.Probability);
        // What an operator switched off nobody misses.
        Assert.NotEqual(Verdict.Inconclusive, FuseImage(fit with { Disabled = new HashSet<string> { "b" } }, Model("a", score)).Decision.Verdict);
    }

    [Fact]
    public void A_model_of_the_fit_that_was_never_loaded_is_named_as_missing()
    {
        var fused = FuseImage(Fit(0, ("a", 1), ("absent", 3)), Model("a", 0.9f));

        Assert.Contains(ReasonCodes.ModelsMissing, fused.Decision.Reasons);
        Assert.NotNull(fused.Models.Single(model => model.Name == "absent").Error);
    }

    [Fact]
    public void A_model_the_fit_does_not_know_is_reported_but_does_not_count()
    {
        var fit = Fit(0, ("a", 1));
        var fused = FuseImage(fit, Model("a", 0.3f), Model("new", 0.99f));

        Assert.Equal(FuseImage(fit, Model("a", 0.3f)).Probability, fused.Probability);
        Assert.Contains(WarningCodes.ModelNotInFusion, fused.Warnings);
        Assert.Equal(0.99, fused.Models.Single(model => model.Name == "new").Score!.Value, 3);
    }

    [Fact]
    public void A_model_the_fit_does_not_know_changes_the_verdict_by_an_operators_word()
    {
        var fit = Fit(0, ("a", 1)) with { FalsePositiveRate = 0.01 };
        var without = FuseImage(fit, Model("a", 0.3f), Model("new", 0.99f) with { GivenWeight = 0 });
        var with = FuseImage(fit, Model("a", 0.3f), Model("new", 0.99f) with { GivenWeight = 1 });

        Assert.Equal((Verdict.Authentic, Verdict.Manipulated), (without.Decision.Verdict, with.Decision.Verdict));
        Assert.Equal(1 / (1 + Math.Exp(-Math.Log(0.3 / 0.7) - Math.Log(0.99 / 0.01))), with.Probability!.Value, 3);
        Assert.Equal((0.01, null), (without.FalsePositiveRate, with.FalsePositiveRate));
        Assert.DoesNotContain(WarningCodes.ModelBesideFusion, without.Warnings);
        Assert.Contains(WarningCodes.ModelBesideFusion, with.Warnings);
        Assert.DoesNotContain(WarningCodes.ModelNotInFusion, with.Warnings.Concat(without.Warnings));
        Assert.Equal(1, with.Models.Single(model => model.Name == "new").Weight);
    }

    [Fact]
    public void A_model_that_was_fitted_with_weight_0_is_known()
    {
        Assert.DoesNotContain(WarningCodes.ModelNotInFusion, FuseImage(Fit(0, ("a", 1), ("b", 0)), Model("a", 0.3f), Model("b", 0.9f)).Warnings);
    }

    [Fact]
    public void A_fit_of_another_ensemble_is_not_used()
    {
        var fused = FuseImage(Fit(5, ("other", 1)), Model("a", 0.3f));

        Assert.Equal(0.3, fused.Probability!.Value, 4);
        Assert.Contains(WarningCodes.DefaultThresholds, fused.Warnings);
    }

    [Fact]
    public void Signals_alone_never_convict()
    {
        var fit = Fit(0, ("a", 1)) with
        {
            Signals = new Dictionary<string, double> { ["spectrum"] = 100 },
            Pooling = new PoolingSettings { MaxSignalLogit = 10 },
        };

        var withScore = MediaFusion.Fuse(Image(), [new ShardScores(0, [Model("a", 0.35f)])], [Signal("spectrum", 1)], fit);
        var withoutScore = MediaFusion.Fuse(Image(), [new ShardScores(0, [Broken("a")])], [Signal("spectrum", 1)], fit);

        Assert.True(withScore.Probability > 0.99);
        Assert.Equal(Verdict.Suspicious, withScore.Decision.Verdict);
        Assert.Equal(Verdict.Inconclusive, withoutScore.Decision.Verdict);
        Assert.Equal([ReasonCodes.ModelsUnavailable], withoutScore.Decision.Reasons);
        Assert.Null(withoutScore.Probability);
        Assert.Null(withoutScore.Decision.Confidence);
    }

    [Fact]
    public void Signals_move_the_logit_by_no_more_than_the_fit_allows_and_report_their_weight()
    {
        var fit = Fit(0, ("a", 1)) with { Signals = new Dictionary<string, double> { ["spectrum"] = 5 } };
        var fused = MediaFusion.Fuse(Image(), [new ShardScores(0, [Model("a", 0.5f)])], [Signal("spectrum", 1), Signal("noise", 1)], fit);

        Assert.Equal(0.7311, fused.Probability!.Value, 4); // sigmoid(1)
        Assert.Equal([("noise", 0.0), ("spectrum", 5.0)], fused.Signals.Select(signal => (signal.Name, signal.Weight)));
    }

    [Fact]
    public void A_signal_keeps_the_weight_it_came_with_unless_the_fit_names_it_and_has_none_without_a_fit()
    {
        Signal[] signals = [Signal("noise", 1) with { Weight = 0.5 }, Signal("spectrum", 1) with { Weight = 0.5 }];
        var fit = Fit(0, ("a", 1)) with { Signals = new Dictionary<string, double> { ["spectrum"] = 0 } };

        var fused = MediaFusion.Fuse(Image(), [new ShardScores(0, [Model("a", 0.5f)])], signals, fit);
        var unfitted = MediaFusion.Fuse(Image(), [new ShardScores(0, [Model("a", 0.5f)])], signals, null);

        Assert.Equal(0.6225, fused.Probability!.Value, 4); // sigmoid(0.5)
        Assert.Equal([("noise", 0.5), ("spectrum", 0.0)], fused.Signals.Select(signal => (signal.Name, signal.Weight)));
        Assert.Equal(0.5, unfitted.Probability);
        Assert.All(unfitted.Signals, signal => Assert.Equal(0, signal.Weight));
    }

    [Fact]
    public void No_face_is_inconclusive_without_a_probability()
    {
        var fused = MediaFusion.Fuse(Index(MediaKind.Image, [[]]), [], Quiet, Fit(0, ("a", 1)));

        Assert.Equal((Verdict.Inconclusive, null, null), (fused.Decision.Verdict, fused.Probability, fused.Decision.Confidence));
        Assert.Equal([ReasonCodes.NoFace], fused.Decision.Reasons);
        Assert.Empty(fused.Faces);
        Assert.Null(fused.DecidingTrack);
        Assert.Null(Assert.Single(fused.Frames).Score);
    }

    [Fact]
    public void Faces_below_the_gates_are_inconclusive_and_a_good_face_outvotes_a_bad_one()
    {
        ShardScores[] high = [new(0, [Model("a", 0.99f)])];
        Assert.Equal([ReasonCodes.FaceTooSmall], MediaFusion.Fuse(Image(Small), high, Quiet, null).Decision.Reasons);
        Assert.Equal([ReasonCodes.LowQuality], MediaFusion.Fuse(Image(Blurred), high, Quiet, null).Decision.Reasons);
        Assert.Equal([ReasonCodes.LowQuality], MediaFusion.Fuse(Image(Good with { Brightness = 5 }), high, Quiet, null).Decision.Reasons);

        var crowd = Index(MediaKind.Image, [[Face(1, 0, 0), Face(2, 0, 1, Small)]]);
        var fused = MediaFusion.Fuse(crowd, [new ShardScores(0, [Model("a", 0.1f, 0.99f)])], Quiet, null);
        Assert.Equal(Verdict.Authentic, fused.Decision.Verdict);
        Assert.Equal(0.1, fused.Probability!.Value, 3);
        Assert.Equal(0.99, fused.Faces[1].Score!.Value, 3);
    }

    [Fact]
    public void Models_that_contradict_each_other_are_not_believed_without_a_fit()
    {
        // Mean logit of (0.9995, 0.05) is 2.3: 0.91, manipulated by the numbers.
        var fused = FuseImage(null, Model("a", 0.9995f), Model("b", 0.05f));

        Assert.True(fused.Probability > 0.9);
        Assert.Equal(Verdict.Suspicious, fused.Decision.Verdict);
        Assert.Equal([ReasonCodes.ModelsDisagree, ReasonCodes.HighFaceScore], fused.Decision.Reasons);

        var strict = Fit(0, ("a", 0.5), ("b", 0.5)) with { Disagreement = new DisagreementRule(0.5, Verdict.Inconclusive) };
        Assert.Equal(Verdict.Inconclusive, FuseImage(strict, Model("a", 0.9995f), Model("b", 0.05f)).Decision.Verdict);
        // One that looks for another kind of fakes contradicts nobody.
        var families = strict with { Families = new Dictionary<string, FamilyMembers> { ["other"] = new(0, ["b"]) } };
        Assert.Equal(Verdict.Manipulated, FuseImage(families, Model("a", 0.9995f), Model("b", 0.05f)).Decision.Verdict);
    }

    [Theory]
    [InlineData(0.19, Verdict.Authentic, ReasonCodes.LowFaceScore)]
    [InlineData(0.21, Verdict.Inconclusive, ReasonCodes.UndecidedFaceScore)]
    [InlineData(0.39, Verdict.Inconclusive, ReasonCodes.UndecidedFaceScore)]
    [InlineData(0.41, Verdict.Suspicious, ReasonCodes.ElevatedFaceScore)]
    [InlineData(0.81, Verdict.Manipulated, ReasonCodes.HighFaceScore)]
    public void Between_authentic_and_suspicious_nothing_is_decided(float score, Verdict verdict, string reason)
    {
        var fused = FuseImage(Fit(0, ("a", 1)) with { Thresholds = new VerdictThresholds(0.4, 0.8, 0.2) }, Model("a", score));
        Assert.Equal((verdict, reason), (fused.Decision.Verdict, fused.Decision.Reasons[0]));
    }

    [Fact]
    public void Late_forensics_are_named_and_cost_confidence()
    {
        ShardScores[] scores = [new(0, [Model("a", 0.95f)])];
        var whole = MediaFusion.Fuse(Image(), scores, Quiet, null);
        var late = MediaFusion.Fuse(Image(), scores, null, null);

        Assert.Equal([ReasonCodes.HighFaceScore, ReasonCodes.ForensicsMissing], late.Decision.Reasons);
        Signal failed = new() { Name = "a", Applicable = false, Reason = Contracts.Signal.Unavailable, Weight = 0 }, silent = failed with { Name = "b", Reason = "too small" };
        Assert.Equal(late.Decision.Confidence, MediaFusion.Fuse(Image(), scores, [failed, failed], null).Decision.Confidence);
        Assert.Equal(whole.Decision.Confidence, MediaFusion.Fuse(Image(), scores, [failed, silent], null).Decision.Confidence);
        Assert.Equal(whole.Probability, late.Probability);
        Assert.True(late.Decision.Confidence < whole.Decision.Confidence);
    }

    [Fact]
    public void Missing_shards_are_named_and_the_rest_decides()
    {
        var film = Film(16);
        var shards = Shards(8, ("a", [.. Enumerable.Repeat(0.95f, 16)]));
        var fused = MediaFusion.Fuse(film, [shards[1]], [], null);

        Assert.Equal(Verdict.Manipulated, fused.Decision.Verdict);
        Assert.Contains(ReasonCodes.ModelsMissing, fused.Decision.Reasons);
        Assert.Contains(WarningCodes.ShardsMissing, fused.Warnings);
        Assert.Null(fused.Frames[0].Score);
        Assert.NotNull(fused.Frames[15].Score);
    }

    [Fact]
    public void Wrong_counts_and_scores_that_are_no_numbers_count_as_missing()
    {
        var fused = FuseImage(null, Model("a", 0.2f), Model("nan", float.NaN), Model("short"), Model("long", 0.9f, 0.9f));

        Assert.Equal(0.2, fused.Probability!.Value, 4);
        Assert.Equal("It gave 2 scores for 1 crops.", fused.Models.Single(model => model.Name == "long").Error);
        Assert.Equal("It gave 0 scores for 1 crops.", fused.Models.Single(model => model.Name == "short").Error);
    }

    [Fact]
    public void The_timeline_shows_the_highest_face_of_each_frame()
    {
        var fused = MediaFusion.Fuse(Film(2, tracks: 2, perShard: 4), Shards(4, ("a", [0.1f, 0.6f, 0.3f, 0.2f])), [], null);

        Assert.Equal([0.6, 0.3], fused.Frames.Select(frame => Math.Round(frame.Score!.Value, 3)));
        Assert.Equal([1, 2], fused.Frames[0].Faces.Select(face => face.TrackId));
        Assert.Equal((2, 0.0, 1.0, 2, 300.0), (fused.Faces[1].TrackId, fused.Faces[1].FirstSeconds, fused.Faces[1].LastSeconds, fused.Faces[1].Frames, fused.Faces[1].SizePixels));
    }

    [Fact]
    public void A_film_swapped_for_a_stretch_shows_the_stretch()
    {
        float[] scores = [.. Enumerable.Range(0, 32).Select(i => i is >= 10 and < 20 ? 0.97f : 0.05f)];
        var fused = MediaFusion.Fuse(Film(32), Shards(8, ("a", scores)), [], null);

        Assert.Equal(10, fused.Faces[0].PictureSeconds); // inside the stretch, where the score comes from
        var segment = Assert.Single(fused.Segments);
        Assert.Equal((9.5, 19.5, 1), (segment.StartSeconds, segment.EndSeconds, segment.TrackId));
        Assert.Equal(0.97, segment.Score, 3);
        var dynamics = fused.Signals.Single(signal => signal.Name == ScoreDynamics.Name);
        Assert.True(dynamics.Applicable);
        Assert.Equal(0, dynamics.Weight);
        Assert.Equal(0.92, dynamics.Score!.Value, 2);
        Assert.Equal(3, dynamics.Values["runs"]);
    }

    [Fact]
    public void A_still_image_has_neither_segments_nor_dynamics()
    {
        var fused = FuseImage(null, Model("a", 0.99f));

        Assert.Empty(fused.Segments);
        Assert.Equal(["noise"], fused.Signals.Select(signal => signal.Name));
    }

    [Fact]
    public void The_order_of_shards_models_and_signals_does_not_show()
    {
        var random = new Random(7);
        float[] Scores() => [.. Enumerable.Range(0, 96).Select(_ => random.NextSingle())];
        var film = Film(32, tracks: 3);
        var shards = Shards(8, ("a", Scores()), ("b", Scores()), ("c", Scores()));
        Signal[] signals = [Signal("x", 0.2), Signal("y", 0.7), Signal("z", 0.9)];
        var fit = Fit(-0.2, ("a", 1), ("b", 0.7), ("c", 0.1)) with
        {
            Pooling = new PoolingSettings(),
            Signals = new Dictionary<string, double> { ["x"] = 0.1, ["y"] = 0.2, ["z"] = 0.3 },
        };
        var expected = JsonSerializer.Serialize(MediaFusion.Fuse(film, shards, signals, fit), DeepfakeJson.Options);

        for (var i = 0; i < 50; i++)
        {
            var shuffled = shards.Select(shard => shard with { Models = [.. shard.Models.OrderBy(_ => random.Next())] }).OrderBy(_ => random.Next()).ToList();
            var actual = MediaFusion.Fuse(film, shuffled, [.. signals.OrderBy(_ => random.Next())], fit);
            Assert.Equal(expected, JsonSerializer.Serialize(actual, DeepfakeJson.Options));
        }
    }

    [Theory]
    [InlineData(PoolingMethod.Mean)]
    [InlineData(PoolingMethod.TrimmedMean)]
    [InlineData(PoolingMethod.UpperMean)]
    [InlineData(PoolingMethod.Median)]
    public void The_probability_never_falls_when_a_score_rises(PoolingMethod method)
    {
        var random = new Random(11);
        var film = Film(12, tracks: 2);
        var fit = Fit(0.1, ("a", 1), ("b", 0.5)) with { Pooling = new PoolingSettings { Method = method, QualityWeighted = true } };
        for (var round = 0; round < 200; round++)
        {
            float[] a = [.. Enumerable.Range(0, 24).Select(_ => random.NextSingle())], b = [.. Enumerable.Range(0, 24).Select(_ => random.NextSingle())];
            var before = MediaFusion.Fuse(film, Shards(8, ("a", a), ("b", b)), [], fit).Probability;
            var raised = random.Next(2) == 0 ? a : b;
            var at = random.Next(24);
            raised[at] += (1 - raised[at]) * random.NextSingle();
            var after = MediaFusion.Fuse(film, Shards(8, ("a", a), ("b", b)), [], fit).Probability;
            Assert.True(after >= before, $"{before} fell to {after} in round {round}");
        }
    }
}
