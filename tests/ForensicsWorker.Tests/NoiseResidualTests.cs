using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class NoiseResidualTests
{
    internal const int Side = 480;
    internal static readonly Box Face = new(160, 160, 160, 160);

    [Fact]
    public void White_noise_is_measured_as_one_and_a_half_times_its_deviation()
    {
        // The kernel's squares add up to 36 / 16.
        var blocks = NoiseBlocks.Measure(new LumaPlane(TestMaterial.WhiteNoise(Side, 4, 1), Side, Side));
        Assert.Equal(Math.Log2(6 + NoiseBlocks.Rounding), blocks.Average(block => block.Noise), 0.1);
    }

    [Fact]
    public void Selecting_agrees_with_sorting()
    {
        var random = new Random(3);
        for (var round = 0; round < 200; round++)
        {
            float[] values = [.. Enumerable.Range(0, random.Next(1, 60)).Select(_ => (float)random.Next(12))], sorted = [.. values.Order()];
            for (var place = 0; place < values.Length; place++) Assert.Equal(sorted[place], RobustStatistics.Select([.. values], place));
        }
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
        Assert.True(result.Score > 0.8, $"{result.Score}");
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

    [Fact]
    public void The_face_is_pointed_at()
    {
        var place = Measure(4, 8, 7).Places[0];
        Assert.Equal((1, Face), (place.TrackId, place.Box));
        Assert.True(place.Value > 1.5);
        Assert.Empty(Measure(4, 4, 7).Places);
    }

    [Theory]
    [InlineData(75)]
    [InlineData(90)]
    public void A_pasted_face_is_still_told_after_compression(int quality)
    {
        var result = MeasureLuma(JpegSimulation.Compress(CameraLike(3, pasted: 6), Side, quality));
        Assert.True(result.Score > 0.5, $"{result.Raw}");
        Assert.Equal(Face, result.Places[0].Box);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(75)]
    [InlineData(90)]
    [InlineData(97)]
    public void An_untouched_camera_like_JPEG_raises_nothing(int quality)
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var result = MeasureLuma(JpegSimulation.Compress(CameraLike(seed, pasted: 0), Side, quality));
            Assert.True(result.Score is null or < 0.5, $"{result.Raw}");
            Assert.Empty(result.Places);
        }
    }

    [Fact]
    public void Clipped_pictures_are_not_compared()
    {
        var white = Enumerable.Repeat(255f, Side * Side).ToArray();
        Assert.Null(TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(TestMaterial.Pack([white], Side, Face))).Score);
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

    private static Measurement MeasureLuma(float[] luma) => TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(TestMaterial.Pack([luma], Side, Face)));

    /// <summary>A shaded face with eyes before a scene in or out of focus, with noise that grows with brightness.</summary>
    /// <param name="seed">Which; odd ones have a sharp background.</param>
    /// <param name="pasted">Deviation of noise that the face carries on top.</param>
    internal static float[] CameraLike(int seed, double pasted)
    {
        var random = new Random(seed);
        float[] scene = TestMaterial.Natural(512, seed), texture = TestMaterial.Natural(512, seed + 50), luma = new float[Side * Side];
        var ellipse = new FaceEllipse(Face);
        for (var y = 0; y < Side; y++)
        {
            for (var x = 0; x < Side; x++)
            {
                var distance = ellipse.Distance(x, y);
                var far = Between(scene, 512, x / 8f, y / 8f);
                // Things have texture or have none, in patches.
                var near = seed % 2 == 1 ? Math.Max(0, far - 128) / 30 * (texture[y * 512 + x] - 128) : 0;
                double value = distance < 1.2f ? 170 - 50 * distance + 0.2 * (x - Side / 2) : far + near;
                if (Math.Min(Math.Abs(x - 205), Math.Abs(x - 275)) < 14 && Math.Abs(y - 215) < 7) value -= 80;
                var noise = 0.25 * Math.Sqrt(Math.Max(value, 0)) + (distance < 1.2f ? pasted : 0);
                luma[y * Side + x] = (float)Math.Clamp(value + noise * TestMaterial.Normal(random), 0, 255);
            }
        }

        return luma;
    }

    private static float Between(float[] luma, int stride, float x, float y)
    {
        int left = (int)x, top = (int)y, at = top * stride + left;
        float right = x - left, below = y - top;
        return (luma[at] * (1 - right) + luma[at + 1] * right) * (1 - below) + (luma[at + stride] * (1 - right) + luma[at + stride + 1] * right) * below;
    }
}
