using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Tests.Fusion;

public sealed class ChangePointsTests
{
    [Fact]
    public void A_stretch_with_another_mean_is_found_where_it_is()
    {
        double[] values = [.. Noise(20, 1).Select((noise, i) => noise * 0.4 + (i is >= 7 and < 13 ? 3 : -2))];
        Assert.Equal([7, 13, 20], ChangePoints.Find(values));
    }

    [Theory]
    [InlineData(0.1)]
    [InlineData(1.0)]
    [InlineData(4.0)]
    public void Noise_alone_makes_no_stretches(double deviation)
    {
        for (var seed = 0; seed < 20; seed++) Assert.Equal([64], ChangePoints.Find([.. Noise(64, seed).Select(noise => deviation * noise)]));
    }

    [Fact]
    public void A_slow_drift_is_cut_late_and_an_empty_or_single_series_not_at_all()
    {
        Assert.Empty(ChangePoints.Find([]));
        Assert.Equal([1], ChangePoints.Find([5]));
        Assert.Equal([2], ChangePoints.Find([-8, 8]));
        Assert.InRange(ChangePoints.Find([.. Enumerable.Range(0, 32).Select(i => i * 0.05)]).Count, 1, 3);
    }

    [Fact]
    public void Short_stretches_of_clear_difference_are_found_in_noise()
    {
        for (var seed = 0; seed < 30; seed++)
        {
            double[] values = [.. Noise(14, seed).Select((noise, i) => 0.5 * noise + (i < 5 ? 0 : i < 9 ? 5 : -4))];
            Assert.Equal([5, 9, 14], ChangePoints.Find(values));
        }
    }

    private static IEnumerable<double> Noise(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble()))];
    }
}
