using System.Text.Json.Nodes;
using Deepfake.InferenceWorker.Models;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>Reference logits: float64 sums over Pillow's resize, printed by Networks/make_networks.py.</summary>
public sealed class ModelSessionTests
{
    private const double Plain = 0.53768, Mirrored = -1.29164;

    [Fact]
    public void A_logit_network_gives_its_sigmoid() => AssertScore(Plain, "weighted_nchw");

    [Fact]
    public void Bgr_reaches_the_network() => AssertScore(-0.06203, "weighted_nchw", m => m["input"]!["colour"] = "bgr");

    [Fact]
    public void Nhwc_reaches_the_network() => AssertScore(0.16230, "weighted_nhwc", m => m["input"]!["layout"] = "nhwc");

    [Fact]
    public void Flipping_averages_the_logits_of_both_views() =>
        AssertScore((Plain + Mirrored) / 2, "weighted_nchw", m => m["input"]!["tta_flip"] = true);

    [Fact]
    public void Calibration_scales_and_shifts_the_logit() =>
        AssertScore(2 * Plain - 0.5, "weighted_nchw", m => m["calibration"] = new JsonObject { ["a"] = 2, ["b"] = -0.5 });

    [Fact]
    public void Two_class_logits_are_compared() => AssertScore(Plain, "two_classes", m => m["output"]!["kind"] = "two_class_logits");

    [Fact]
    public void A_probability_goes_through_calibration_as_its_log_odds() =>
        AssertScore(3 * Plain, "probability", m =>
        {
            m["output"]!["kind"] = "probability";
            m["calibration"]!["a"] = 3;
        });

    [Theory]
    [InlineData("weighted_nchw", "logit")]
    [InlineData("two_classes", "two_class_logits")]
    [InlineData("probability", "probability")]
    public void Fake_index_0_turns_the_answer_round(string network, string kind) =>
        AssertScore(-Plain, network, m => m["output"] = new JsonObject { ["kind"] = kind, ["fake_index"] = 0 });

    [Fact]
    public void The_score_is_the_output_that_is_not_the_activation_map() => AssertScore(Plain, "with_cam", m => m["output"]!["cam"] = "cam");

    /// <summary>The map of this network is the mean of its channels: bright places are hot.</summary>
    [Theory]
    [InlineData(false, 1)]
    [InlineData(true, 1)]
    [InlineData(false, 0)]
    public void The_activation_map_is_the_calibrated_log_odds_of_each_place(bool flip, int fakeIndex)
    {
        using var session = TestModels.Load("with_cam", m =>
        {
            PlainPixels(m);
            m["input"]!["tta_flip"] = flip;
            m["input"]!["margin"] = 1.6;
            m["output"]!["cam"] = "cam";
            m["output"]!["fake_index"] = fakeIndex;
            m["calibration"] = new JsonObject { ["a"] = 3, ["b"] = 0.5 };
        });
        var crop = TestCrops.Flat(0);
        for (var y = 0; y < 256; y++) crop.AsSpan(y * 768, 192).Fill(255); // the left quarter
        var heat = new byte[2 * 256];

        session.Score([TestCrops.Face(TestCrops.Flat(0)), TestCrops.Face(crop)], new float[2], heat);

        Assert.All(heat[..256], cell => Assert.Equal(128 + 8, cell));
        for (var i = 0; i < 256; i++)
            if (i % 16 is not (3 or 4)) Assert.Equal(128 + 8 + (i % 16 < 3 ? (fakeIndex == 1 ? 48 : -48) : 0), heat[256 + i]);
    }

    [Fact]
    public void An_output_that_is_no_map_is_refused() =>
        Assert.Contains("heat map", Assert.Throws<ModelRejectedException>(() => TestModels.Load("with_cam", m => m["output"] = new JsonObject { ["kind"] = "logit", ["name"] = "score", ["cam"] = "score" })).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("weighted_nchw", false)]
    [InlineData("weighted_nchw", true)]
    [InlineData("weighted_fixed_batch", false)]
    [InlineData("weighted_fixed_batch", true)]
    public void Any_number_of_crops_scores_as_one_by_one(string network, bool flip)
    {
        using var session = TestModels.Load(network, m => m["input"]!["tta_flip"] = flip);
        var crops = Enumerable.Range(0, 23).Select(i => TestCrops.Face(TestCrops.Pattern(i))).ToArray();
        var single = new float[1];
        var expected = crops.Select(crop =>
        {
            session.Score([crop], single);
            return single[0];
        }).ToArray();
        Assert.True(expected.Distinct().Count() > 10);
        for (var count = 0; count <= crops.Length; count++)
        {
            var scores = new float[count];
            session.Score(crops[..count], scores);
            for (var i = 0; i < count; i++) Assert.Equal(expected[i], scores[i], 1e-5f);
        }
    }

    [Fact]
    public void A_batch_is_never_larger_than_the_largest_bucket()
    {
        using var session = TestModels.Load("weighted_nchw", shape: TestModels.Shape with { MaxBatch = 16 });
        Assert.Equal([1, 4, 8, 16], session.Buckets);
        using var flipped = TestModels.Load("weighted_nchw", m => m["input"]!["tta_flip"] = true, TestModels.Shape with { MaxBatch = 16 });
        Assert.Equal([1, 4, 8, 16], flipped.Buckets);
        using var odd = TestModels.Load("weighted_nchw", shape: TestModels.Shape with { MaxBatch = 6 });
        Assert.Equal([1, 4, 6], odd.Buckets);
    }

    [Fact]
    public void A_value_that_is_not_a_number_stays_one()
    {
        using var session = TestModels.Load("nan_when_bright", PlainPixels);
        var scores = new float[3];
        session.Score([TestCrops.Face(TestCrops.Flat(20)), TestCrops.Face(TestCrops.Flat(250)), TestCrops.Face(TestCrops.Flat(20))], scores);
        Assert.True(float.IsNaN(scores[1]));
        Assert.True(scores[0] is > 0.5f and < 1);
        Assert.Equal(scores[0], scores[2]);
    }

    [Theory]
    [InlineData("input", "layout", "\"nhwc\"")]
    [InlineData("input", "size", "32")]
    [InlineData("output", "kind", "\"two_class_logits\"")]
    [InlineData("output", "cam", "\"nowhere\"")]
    [InlineData("output", "name", "\"nowhere\"")]
    public void A_network_that_does_not_fit_its_manifest_is_refused(string part, string field, string value) =>
        Assert.Throws<ModelRejectedException>(() => TestModels.Load("weighted_nchw", m => m[part]![field] = JsonNode.Parse(value)));

    [Fact]
    public void Threads_that_share_a_session_get_their_own_scores()
    {
        using var session = TestModels.Load("weighted_nchw");
        var crops = Enumerable.Range(0, 8).Select(i => TestCrops.Face(TestCrops.Pattern(i))).ToArray();
        var expected = new float[8];
        session.Score(crops, expected);
        Parallel.For(0, 64, i =>
        {
            var score = new float[1];
            session.Score([crops[i % 8]], score);
            Assert.Equal(expected[i % 8], score[0], 1e-5f);
        });
    }

    internal static void PlainPixels(JsonObject manifest)
    {
        manifest["input"]!["mean"] = new JsonArray(0, 0, 0);
        manifest["input"]!["std"] = new JsonArray(1, 1, 1);
    }

    private static void AssertScore(double logit, string network, Action<JsonObject>? change = null)
    {
        using var session = TestModels.Load(network, change);
        var score = new float[1];
        session.Score([TestCrops.Face(TestCrops.Pattern(0))], score);
        Assert.Equal(1 / (1 + Math.Exp(-logit)), score[0], 1e-4);
    }
}
