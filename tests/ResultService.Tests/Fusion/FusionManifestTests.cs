using System.Text;
using Deepfake.Contracts;
using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Tests.Fusion;

public sealed class FusionManifestTests
{
    private const string Whole = """
        {
          "version": "1.0.0", "intercept": -0.31, "note": "unknown fields are ignored",
          "models": { "swap-b0": 1.12, "fft-branch": 0.4 },
          "families": { "synthesis": { "intercept": -1.5, "models": ["fft-branch"] } },
          "signals": { "azimuthal_spectrum": 0.0 },
          "pooling": { "method": "median", "trim": 0.2, "quality_weighted": false, "track_sharpness": 3, "logit_clamp": 6, "max_signal_logit": 0.5, "family_sharpness": 2 },
          "thresholds": { "authentic": 0.2, "suspicious": 0.45, "manipulated": 0.85 },
          "false_positive_rate": 0.05,
          "quality_gates": { "min_face_pixels": 64, "min_sharpness": 12, "min_brightness": 30, "max_brightness": 230 },
          "disagreement": { "max_spread": 0.8, "verdict": "inconclusive" }
        }
        """;

    private static FusionManifest Parse(string json) => FusionManifest.Parse(Encoding.UTF8.GetBytes(json));

    [Fact]
    public void Every_field_is_read()
    {
        var fit = Parse(Whole);

        Assert.Equal(("1.0.0", -0.31, 0.05), (fit.Version, fit.Intercept, fit.FalsePositiveRate));
        Assert.Equal(1.12, fit.Models["swap-b0"]);
        var family = Assert.Single(fit.Families);
        Assert.Equal(("synthesis", -1.5), (family.Key, family.Value.Intercept));
        Assert.Equal(["fft-branch"], family.Value.Models);
        Assert.Equal(0, fit.Signals["azimuthal_spectrum"]);
        Assert.Equal(new PoolingSettings { Method = PoolingMethod.Median, Trim = 0.2, QualityWeighted = false, TrackSharpness = 3, LogitClamp = 6, MaxSignalLogit = 0.5, FamilySharpness = 2 }, fit.Pooling);
        Assert.Equal(new VerdictThresholds(0.45, 0.85, 0.2), fit.Thresholds);
        Assert.Equal(new QualityGates { MinFacePixels = 64, MinSharpness = 12, MinBrightness = 30, MaxBrightness = 230 }, fit.QualityGates);
        Assert.Equal(new DisagreementRule(0.8, Verdict.Inconclusive), fit.Disagreement);
    }

    [Fact]
    public void Optional_fields_have_the_documented_defaults()
    {
        var fit = Parse("""{ "version": "1", "models": { "a": 1 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""");

        Assert.Equal((0, new PoolingSettings(), new QualityGates(), null), (fit.Intercept, fit.Pooling, fit.QualityGates, fit.Disagreement));
    }

    [Theory]
    [InlineData("", "read")]
    [InlineData("null", "empty")]
    [InlineData("[]", "read")]
    [InlineData("""{ "models": { "a": 1 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "version")]
    [InlineData("""{ "version": "1", "models": { }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "models")]
    [InlineData("""{ "version": "1", "models": { "a": 0 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "models")]
    [InlineData("""{ "version": "1", "models": { "a": -1, "b": 1 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "models")]
    [InlineData("""{ "version": "1", "models": { "a": 1 } }""", "thresholds")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "families": { "x": { "intercept": 0, "models": ["b"] } }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "families")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "families": { "x": { "intercept": 0, "models": ["a"] }, "y": { "intercept": 0, "models": ["a"] } }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "families")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "families": { "": { "intercept": 0, "models": ["a"] } }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "families")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "families": { "x": { "models": null } }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "families")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "quantiles": { "real": [0.5, 0.4], "fake": [0.1, 0.2] }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "quantiles")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "pooling": { "family_sharpness": 0 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "pooling.family_sharpness")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "thresholds": { "suspicious": 0.9, "manipulated": 0.5 } }""", "thresholds.manipulated")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "thresholds": { "suspicious": 0, "manipulated": 0.5 } }""", "thresholds.suspicious")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "thresholds": { "authentic": 0.6, "suspicious": 0.5, "manipulated": 0.9 } }""", "thresholds.authentic")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "thresholds": { "authentic": 0, "suspicious": 0.5, "manipulated": 0.9 } }""", "thresholds.authentic")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "pooling": { "method": "best" }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "method")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "pooling": { "trim": 0.5 }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "pooling.trim")]
    [InlineData("""{ "version": "1", "models": { "a": 1 }, "disagreement": { "max_spread": 0.5, "verdict": "manipulated" }, "thresholds": { "suspicious": 0.5, "manipulated": 0.9 } }""", "disagreement")]
    public void A_wrong_file_is_refused_with_the_name_of_the_field(string json, string named)
    {
        var refused = Assert.Throws<InvalidDataException>(() => Parse(json));
        Assert.Contains(named, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Null_where_an_object_belongs_is_refused_and_not_a_crash()
    {
        foreach (var field in new[] { "version", "models", "families", "signals", "pooling", "thresholds", "quality_gates" })
            Assert.Throws<InvalidDataException>(() => Parse(Whole.Replace($"\"{field}\":", $"\"{field}\": null, \"was_{field}\":", StringComparison.Ordinal)));
    }

    [Fact]
    public void A_profile_brings_its_own_thresholds_and_rate()
    {
        var fit = FusionManifest.Parse("""
            {"version":"1","models":{"a":1},"thresholds":{"suspicious":0.7,"manipulated":0.9},"false_positive_rate":0.01,
             "profiles":{"strict":{"authentic":0.1,"suspicious":0.8,"manipulated":0.98,"false_positive_rate":0.003}}}
            """u8);

        Assert.Equal((new VerdictThresholds(0.8, 0.98, 0.1), 0.003), (fit.For(ThresholdProfile.Strict).Thresholds, fit.For(ThresholdProfile.Strict).FalsePositiveRate!.Value));
        Assert.Equal(fit.Thresholds, fit.For(ThresholdProfile.Balanced).Thresholds);
        Assert.Equal(fit.Thresholds, fit.For(ThresholdProfile.Sensitive).Thresholds);
        Assert.True(fit.Has(ThresholdProfile.Balanced) && fit.Has(ThresholdProfile.Strict) && !fit.Has(ThresholdProfile.Sensitive));
    }

    [Fact]
    public void A_profile_out_of_range_is_refused() => Assert.Contains(
        "profiles.strict.manipulated",
        Assert.Throws<InvalidDataException>(() => FusionManifest.Parse("""
            {"version":"1","models":{"a":1},"thresholds":{"suspicious":0.7,"manipulated":0.9},"profiles":{"strict":{"suspicious":0.8,"manipulated":0.5}}}
            """u8)).Message,
        StringComparison.Ordinal);

    private const string WithReduced = """
        {"version":"1","intercept":-1,"models":{"a":1,"b":2,"c":0},"thresholds":{"suspicious":0.7,"manipulated":0.9},"pooling":{"upper":0.3},
         "profiles":{"strict":{"suspicious":0.8,"manipulated":0.98}},
         "reduced":[{"models":{"a":1.5},"families":{"swap":{"intercept":-0.5,"models":["a"]}},"family_sharpness":2,"thresholds":{"suspicious":0.6,"manipulated":0.95},
          "false_positive_rate":0.02,"profiles":{"strict":{"suspicious":0.65,"manipulated":0.99,"false_positive_rate":0.003}}}]}
        """;

    [Fact]
    public void The_fit_for_the_models_that_scored_is_the_whole_one_a_reduced_one_or_none()
    {
        var fit = Parse(WithReduced);

        Assert.Same(fit, fit.FittedTo(new HashSet<string> { "a", "b", "unknown" })); // c has no weight
        Assert.Null(fit.FittedTo(new HashSet<string> { "b" }));
        var reduced = fit.FittedTo(new HashSet<string> { "a", "unknown" })!;
        Assert.Equal((1.5, -0.5, new VerdictThresholds(0.6, 0.95), 0.02), (reduced.Models["a"], reduced.Families["swap"].Intercept, reduced.Thresholds, reduced.FalsePositiveRate!.Value));
        Assert.Equal(new PoolingSettings { Upper = 0.3, FamilySharpness = 2 }, reduced.Pooling);
        Assert.Equal((new VerdictThresholds(0.65, 0.99), 0.003), (fit.For(ThresholdProfile.Strict).FittedTo(new HashSet<string> { "a" }) is { } strict ? strict.Thresholds : null, fit.For(ThresholdProfile.Strict).FittedTo(new HashSet<string> { "a" })!.FalsePositiveRate!.Value));
    }

    [Theory]
    [InlineData("\"a\":1.5", "\"other\":1.5", "reduced[0].models")]
    [InlineData("\"suspicious\":0.6,", "\"suspicious\":0,", "thresholds.suspicious")]
    [InlineData("\"family_sharpness\":2", "\"family_sharpness\":0", "reduced[0]")]
    [InlineData("[\"a\"]", "[\"b\"]", "families")]
    [InlineData("{\"models\":{\"a\":1.5},", "null,{\"models\":{\"a\":1.5},", "reduced[0]")]
    public void A_wrong_reduced_fit_is_refused_with_its_place(string right, string wrong, string named) =>
        Assert.Contains(named, Assert.Throws<InvalidDataException>(() => Parse(WithReduced.Replace(right, wrong, StringComparison.Ordinal))).Message, StringComparison.Ordinal);

    [Fact]
    public void What_ships_is_fitted_to_every_set_of_its_models()
    {
        foreach (var path in Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "models"), "fusion.json", SearchOption.AllDirectories))
        {
            var fit = FusionManifest.Parse(File.ReadAllBytes(path));
            var names = fit.Models.Keys.Order(StringComparer.Ordinal).ToArray();
            for (var chosen = 1; chosen < 1 << names.Length; chosen++)
            {
                var scored = names.Where((_, i) => (chosen & (1 << i)) != 0).ToHashSet(StringComparer.Ordinal);
                Assert.True(fit.FittedTo(scored) is not null, $"{path}: no fit for {string.Join(", ", scored)}");
            }
        }
    }
}
