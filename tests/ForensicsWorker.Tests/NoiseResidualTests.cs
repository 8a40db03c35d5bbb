using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class NoiseResidualTests
{
    private const int Side = 480;
    private static readonly Box Face = new(160, 160, 160, 160);

    [Fact]
    public void White_noise_is_measured_as_one_and_a_half_times_its_deviation()
    {
        // The kernel's squares add up to 36 / 16.
        var contrast = NoiseResidualSignal.Compare(new LumaPlane(TestMaterial.WhiteNoise(Side, 4, 1), Side, Side), Face)!.Value;
        Assert.InRange(contrast.FaceNoise, 5.6, 6.4);
        Assert.InRange(contrast.SurroundingNoise, 5.6, 6.4);
    }

    [Theory]
    [InlineData(1.0)]
    [InlineData(4.0)]
    public void Uniform_noise_scores_low(double deviation)
    {
        for (var seed = 0; seed < 5; seed++)
        {
            var result = Measure(deviation, deviation, seed);
            Assert.True(result.Score < 0.1, $"{result.Score}");
        }
    }

    [Theory]
    [InlineData(4.0, 8.0, "more")]
    [InlineData(4.0, 2.0, "less")]
    [InlineData(6.0, 1.0, "less")]
    public void A_face_with_other_noise_scores_high(double around, double inside, string says)
    {
        var result = Measure(around, inside, 7);
        Assert.True(result.Score > 0.9, $"{result.Score}");
        Assert.Contains(says, result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void The_difference_is_in_octaves()
    {
        var result = Measure(4, 8, 3);
        Assert.InRange(result.Values["difference_octaves"], 0.85, 1.15);
    }

    [Fact]
    public void A_gradient_of_light_is_no_noise()
    {
        var luma = TestMaterial.WhiteNoise(Side, 3, 9);
        for (var i = 0; i < luma.Length; i++) luma[i] += (i % Side - Side / 2) * 0.2f;
        var result = TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(TestMaterial.Pack([luma], Side, Face)));
        Assert.True(result.Score < 0.1, $"{result.Score}");
    }

    [Fact]
    public void One_odd_window_of_five_does_not_decide()
    {
        var windows = Enumerable.Range(0, 5).Select(i => Picture(4, i == 2 ? 12 : 4, i)).ToList();
        Assert.True(TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(TestMaterial.Pack(windows, Side, Face))).Score < 0.1);
    }

    [Theory]
    [InlineData(0.0, 4.0)]
    [InlineData(4.0, 0.0)]
    public void Where_compression_took_the_noise_nothing_is_compared(double around, double inside)
    {
        var result = Measure(around, inside, 5);
        Assert.Null(result.Score);
        Assert.Equal("Compression has removed the noise.", result.Reason);
    }

    [Fact]
    public void Clipped_pictures_are_not_compared()
    {
        var white = Enumerable.Repeat(255f, Side * Side).ToArray();
        Assert.Null(TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(TestMaterial.Pack([white], Side, Face))).Score);
    }

    [Fact]
    public void The_score_rises_with_the_effect_in_either_direction()
    {
        for (var effect = 0.0; effect < 10; effect += 0.25)
        {
            Assert.True(NoiseResidualSignal.Score(effect) < NoiseResidualSignal.Score(effect + 0.25));
            Assert.Equal(NoiseResidualSignal.Score(effect), NoiseResidualSignal.Score(-effect));
        }
    }

    private static Measurement Measure(double around, double inside, int seed) =>
        TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(TestMaterial.Pack([Picture(around, inside, seed)], Side, Face)));

    private static float[] Picture(double around, double inside, int seed)
    {
        float[] outer = TestMaterial.WhiteNoise(Side, around, seed), inner = TestMaterial.WhiteNoise(Side, inside, seed + 100);
        for (var y = 160; y < 320; y++)
            for (var x = 160; x < 320; x++)
                outer[y * Side + x] = inner[y * Side + x];
        return outer;
    }
}
