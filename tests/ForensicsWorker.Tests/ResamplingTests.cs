using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Compression;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class ResamplingTests
{
    private const int Side = 256;

    [Theory]
    [InlineData(1.5)]
    [InlineData(1.3)]
    [InlineData(1.7)]
    public void An_enlarged_picture_is_told_and_its_factor_shows(double factor)
    {
        var camera = Camera(4);
        var enlarged = new float[Side * Side];
        for (var i = 0; i < enlarged.Length; i++) enlarged[i] = MathF.Round(Between(camera, i % Side / factor, i / Side / factor));
        var result = Measure(enlarged);
        Assert.True(result.Score > 0.5, $"{result.Raw}");
        // Interpolation repeats its weights as often as the factor divides a pixel (Gallagher 2005); seen are that frequency and its double, folded.
        double x = result.Values["frequency_x"], y = Math.Abs(result.Values["frequency_y"]);
        Assert.Contains([Folded(1 / factor), Folded(2 / factor)], f => Math.Abs(Math.Max(x, y) - f) < 0.02);
        Assert.Single(result.Places);
    }

    [Fact]
    public void A_camera_like_picture_raises_nothing()
    {
        for (var seed = 0; seed < 4; seed++)
        {
            var luma = Camera(seed)[..(Side * 512)];
            Measurement plain = Measure(Crop(luma)), compressed = Measure(JpegSimulation.Compress(Crop(luma), Side, 80));
            Assert.True(plain.Score < 0.5, $"{plain.Raw}");
            Assert.True(compressed.Score < 0.5, $"{compressed.Raw} {compressed.Values["frequency_x"]} {compressed.Values["frequency_y"]}");
        }
    }

    [Fact]
    public void Amplitudes_of_white_noise_are_alike_in_every_diagonal()
    {
        var features = BlockDctSignal.Describe(BlockTransform.Grid(new LumaPlane(TestMaterial.WhiteNoise(Side, 10, 1), Side, Side), 0, 0));
        Assert.Equal(20, features.Length);
        // The mean magnitude of a normal number of deviation 10 is 7.98; its root mean square is 1.25 times that.
        Assert.All(features[..14], level => Assert.Equal(Math.Log2(8.08), level, 0.1));
        Assert.All(features[14..], tail => Assert.Equal(Math.Log2(1.25), tail, 0.1));
    }

    [Fact]
    public void A_fitted_classifier_decides_and_without_one_nothing_is_said()
    {
        var material = TestMaterial.Of(TestMaterial.Pack([TestMaterial.WhiteNoise(Side, 10, 1)], Side, new Box(0, 0, Side, Side)));
        var signal = new BlockDctSignal();
        var without = TestMaterial.Measure(signal, material);
        Assert.Null(without.Score);
        double[] weights = new double[21];
        (weights[0], weights[20]) = (2, 1);
        var fitted = signal.Assumed with
        {
            Parameters = new Dictionary<string, IReadOnlyList<double>> { ["mean"] = [.. without.Features], ["deviation"] = [.. Enumerable.Repeat(1.0, 20)], ["weights"] = weights },
        };
        Assert.Equal(1, signal.Measure(material, fitted).Raw!.Value, 1e-9);
        var shifted = fitted with { Parameters = new Dictionary<string, IReadOnlyList<double>>(fitted.Parameters) { ["mean"] = [.. without.Features.Select((f, i) => i == 0 ? f - 1 : f)] } };
        Assert.Equal(3, signal.Measure(material, shifted).Raw!.Value, 1e-9);
    }

    private static double Folded(double frequency) => Math.Abs(frequency - Math.Round(frequency));

    private static Measurement Measure(float[] luma) =>
        TestMaterial.Measure(new ResamplingSignal(), TestMaterial.Of(TestMaterial.Pack([luma], Side, new Box(0, 0, Side, Side))));

    private static float[] Camera(int seed)
    {
        var random = new Random(seed);
        return [.. TestMaterial.Natural(512, seed).Select(value => value + 2 * (float)TestMaterial.Normal(random))];
    }

    private static float[] Crop(float[] luma) => [.. Enumerable.Range(0, Side * Side).Select(i => luma[i / Side * 512 + i % Side])];

    private static float Between(float[] luma, double x, double y)
    {
        int at = (int)y * 512 + (int)x;
        float right = (float)(x - (int)x), below = (float)(y - (int)y);
        return (luma[at] * (1 - right) + luma[at + 1] * right) * (1 - below) + (luma[at + 512] * (1 - right) + luma[at + 513] * right) * below;
    }
}
