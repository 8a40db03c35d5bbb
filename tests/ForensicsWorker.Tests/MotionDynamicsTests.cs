using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Signals;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class MotionDynamicsTests
{
    [Fact]
    public void Steady_motion_scores_zero()
    {
        var result = Measure(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        Assert.Equal(0, result.Score);
        Assert.Equal(0, result.Values["repeats"]);
        Assert.Equal(0, result.Values["jumps"]);
    }

    [Fact]
    public void Repeated_frames_are_counted()
    {
        var result = Measure(0, 1, 2, 2, 2, 3, 4, 5, 5, 6, 7);
        Assert.Equal(3, result.Values["repeats"]);
        Assert.Equal(0.6, result.Score);
        Assert.Contains("3 of 10", result.Reason, StringComparison.Ordinal);
    }

    [Fact]
    public void A_cut_is_a_fact_and_no_evidence()
    {
        var result = Measure(0, 1, 2, 3, 100, 101, 102, 103);
        Assert.Equal(1, result.Values["jumps"]);
        Assert.Equal(0, result.Score);
    }

    [Fact]
    public void A_medium_that_stands_still_is_not_judged() => Assert.Null(Measure(5, 5, 5, 5, 5, 5).Score);

    [Fact]
    public void A_few_frames_are_not_judged() => Assert.Null(Measure(1, 2, 3).Score);

    [Fact]
    public void An_image_is_not_judged() =>
        Assert.Null(TestMaterial.Measure(new MotionDynamicsSignal(), TestMaterial.Of(Pack([1, 2, 3, 4, 5]))).Score);

    [Theory]
    [InlineData(8.0, 2.0, 1.5, 5.37)]
    [InlineData(12.0, 1.0, 2.5, 7.03)]
    [InlineData(4.4, 0.3, 1.1, 2.94)]
    public void A_stretch_that_is_shown_again_is_told(double length, double start, double run, double again)
    {
        // The delay is no multiple of the distance between samples: the repetition is sampled at other moments.
        var result = Film(length, seconds => seconds >= again && seconds < again + run ? seconds - again + start : seconds);
        Assert.True(result.Values["repeated_samples"] >= 4, result.Reason);
        Assert.Equal(again - start, result.Values["repeat_delay"], 0.1);
        Assert.Equal(2, result.Places.Count);
        Assert.InRange(result.Places[0].StartSeconds!.Value, start - 0.3, start + 0.5);
        Assert.True(result.Score > 0.2);
    }

    [Theory]
    [InlineData(4.4)]
    [InlineData(8.0)]
    [InlineData(30.0)]
    public void A_film_that_goes_on_repeats_nothing(double length) => Assert.Equal(0, Film(length, seconds => seconds).Raw);

    [Fact]
    public void A_frozen_stretch_is_pointed_at()
    {
        var result = Film(8, seconds => seconds is > 3 and < 5 ? 3 : seconds);
        Assert.Contains("repeat the frame before", result.Reason, StringComparison.Ordinal);
        Assert.InRange(result.Places[0].StartSeconds!.Value, 2.8, 3.4);
        Assert.InRange(result.Places[0].EndSeconds!.Value, 4.6, 5.2);
    }

    private static Measurement Measure(params int[] levels) => TestMaterial.Measure(new MotionDynamicsSignal(), TestMaterial.Of(Pack(levels), MediaKind.Video, MediaFormat.Mp4));

    private static Infrastructure.Packs.FramePack Pack(int[] levels) =>
        TestMaterial.Pack(thumbnails: [.. levels.Select(level => Enumerable.Repeat((byte)(50 + level), 16 * 16 * 3).ToArray())], thumbnailSide: 16);

    /// <summary>32 samples of a scene that wanders and sways, with the noise of a codec.</summary>
    /// <param name="length">Seconds of the film.</param>
    /// <param name="shown">Which moment of the scene is shown at which.</param>
    private static Measurement Film(double length, Func<double, double> shown)
    {
        const int samples = 32, side = 96;
        var scene = TestMaterial.Natural(512, 3);
        var noise = new Random(1);
        var seconds = Enumerable.Range(0, samples).Select(i => (i + 0.5) * length / samples).ToList();
        var frames = seconds.ConvertAll(second =>
        {
            var at = shown(second);
            double x = 150 + 60 * Math.Sin(0.31 * at) + 8 * Math.Sin(1.3 * at + 1), y = 150 + 40 * Math.Cos(0.23 * at) + 6 * Math.Sin(1.1 * at);
            var luma = new float[side * side];
            for (var i = 0; i < luma.Length; i++)
            {
                double px = x + i % side, py = y + i / side;
                luma[i] = Between(scene, px, py) + (at == shown(second - length / samples) ? 0 : (float)TestMaterial.Normal(noise));
            }

            return TestMaterial.Rgb(luma);
        });
        var pack = TestMaterial.Pack(thumbnails: frames, thumbnailSide: side);
        var timed = new Infrastructure.Packs.FramePack { Thumbnails = pack.Thumbnails, Seconds = seconds, Windows = [], WindowPixels = [] };
        return TestMaterial.Measure(new MotionDynamicsSignal(), TestMaterial.Of(timed, MediaKind.Video, MediaFormat.Mp4));
    }

    private static float Between(float[] luma, double x, double y)
    {
        int at = (int)y * 512 + (int)x;
        float right = (float)(x - (int)x), below = (float)(y - (int)y);
        return (luma[at] * (1 - right) + luma[at + 1] * right) * (1 - below) + (luma[at + 512] * (1 - right) + luma[at + 513] * right) * below;
    }
}
