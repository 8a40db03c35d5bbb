using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class AzimuthalSpectrumTests
{
    [Fact]
    public void The_profile_is_what_numpy_computes()
    {
        const int side = 32;
        var luma = Enumerable.Range(0, side * side).Select(i => (float)((i % side * (i % side) * 3 + i / side * 7 + i % side * (i / side)) % 251)).ToArray();
        double[] expected =
        [
            21.2215, 19.3691, 15.5731, 20.628, 19.5964, 27.1934, 30.5028, 29.4912, 28.6107, 28.7076, 29.3317, 31.1206, 30.0881, 30.2152, 29.7083, 30.2018,
        ];
        var profile = PowerSpectrum.Azimuthal(luma, side);
        Assert.Equal(expected.Length, profile.Length);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], profile[i], 1e-3);
    }

    [Fact]
    public void A_wave_stands_at_its_radius()
    {
        const int side = 64;
        var luma = Enumerable.Range(0, side * side).Select(i => (float)(128 + 50 * Math.Cos(2 * Math.PI * 10 * (i % side) / side))).ToArray();
        var profile = PowerSpectrum.Azimuthal(luma, side);
        Assert.Equal(10, 1 + Array.IndexOf(profile, profile.Max()));
    }

    [Fact]
    public void White_noise_is_flat()
    {
        var shape = AzimuthalSpectrumSignal.Shape(PowerSpectrum.Azimuthal(TestMaterial.WhiteNoise(256, 10, 1), 256));
        Assert.InRange(shape.Slope, -1, 1);
        Assert.InRange(shape.TailExcess, -1, 1);
        Assert.InRange(shape.TailPeak, 0, 2);
    }

    [Fact]
    public void Amplitudes_of_one_over_f_fall_by_20_dB_a_decade()
    {
        var shape = AzimuthalSpectrumSignal.Shape(PowerSpectrum.Azimuthal(TestMaterial.Natural(256, 2), 256));
        Assert.InRange(shape.Slope, -22, -18);
        Assert.InRange(shape.TailExcess, -2, 2);
    }

    [Fact]
    public void A_natural_picture_scores_low_and_its_up_sampled_half_scores_high()
    {
        var natural = Measure(TestMaterial.Natural(256, 3));
        Assert.True(natural.Score < 0.2, $"{natural.Score}");
        var upSampled = Measure(ZeroInsertion(TestMaterial.Natural(128, 3), 128));
        Assert.True(upSampled.Score > 0.8, $"{upSampled.Score}");
        Assert.Contains("few authentic faces", upSampled.Reason, StringComparison.Ordinal);
        Assert.Single(upSampled.Places);
    }

    [Fact]
    public void A_checkerboard_over_a_natural_picture_scores_high()
    {
        var luma = TestMaterial.Natural(256, 4);
        for (var i = 0; i < luma.Length; i++) luma[i] += (i % 256 & 1) == 0 ? 6 : -6;
        Assert.True(Measure(luma).Score > 0.8);
    }

    [Fact]
    public void Faces_below_64_pixels_are_not_measured()
    {
        var pack = TestMaterial.Pack([TestMaterial.WhiteNoise(128, 10, 5)], 128, new Box(40, 40, 60, 63));
        Assert.Null(TestMaterial.Measure(new AzimuthalSpectrumSignal(), TestMaterial.Of(pack)).Score);
    }

    [Fact]
    public void Frames_that_were_scaled_are_not_measured()
    {
        var pack = TestMaterial.Pack([TestMaterial.WhiteNoise(128, 10, 5)], 128, new Box(0, 0, 128, 128));
        var window = pack.Windows[0] with { Origin = new Box(0, 0, 256, 256) };
        var scaled = new Infrastructure.Packs.FramePack { Thumbnails = pack.Thumbnails, Seconds = [], Windows = [window], WindowPixels = pack.WindowPixels };
        var result = TestMaterial.Measure(new AzimuthalSpectrumSignal(), TestMaterial.Of(scaled));
        Assert.Null(result.Score);
        Assert.Contains("too large", result.Reason, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(-500f, -500f, 200f, 200f)]
    [InlineData(1e9f, 1e9f, 1e9f, 1e9f)]
    [InlineData(float.NaN, 0f, 100f, 100f)]
    [InlineData(0f, 0f, float.PositiveInfinity, 100f)]
    [InlineData(0f, 0f, -100f, -100f)]
    public void A_box_that_makes_no_sense_does_no_harm(float x, float y, float width, float height)
    {
        var pack = TestMaterial.Pack([TestMaterial.WhiteNoise(128, 10, 5)], 128, new Box(x, y, width, height));
        TestMaterial.Measure(new AzimuthalSpectrumSignal(), TestMaterial.Of(pack));
        TestMaterial.Measure(new NoiseResidualSignal(), TestMaterial.Of(pack));
    }

    private static Measurement Measure(float[] luma)
    {
        var side = (int)Math.Sqrt(luma.Length);
        return TestMaterial.Measure(new AzimuthalSpectrumSignal(), TestMaterial.Of(TestMaterial.Pack([luma], side, new Box(0, 0, side, side))));
    }

    /// <summary>What a transposed convolution with a poor kernel does: zeros between the pixels, then a 3 × 3 tent that is slightly off.</summary>
    private static float[] ZeroInsertion(float[] small, int side)
    {
        var large = new float[4 * small.Length];
        for (var y = 0; y < 2 * side; y++)
        {
            for (var x = 0; x < 2 * side; x++)
            {
                int x0 = x / 2, y0 = y / 2, x1 = Math.Min(x0 + x % 2, side - 1), y1 = Math.Min(y0 + y % 2, side - 1);
                var value = (small[y0 * side + x0] + small[y0 * side + x1] + small[y1 * side + x0] + small[y1 * side + x1]) / 4;
                large[y * 2 * side + x] = value * ((x & 1) == 0 ? 1.04f : 0.96f);
            }
        }

        return large;
    }
}
