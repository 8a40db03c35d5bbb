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

    [Fact]
    public void The_score_rises_with_the_share_of_repeats()
    {
        for (var share = 0.0; share < 0.5; share += 0.05) Assert.True(MotionDynamicsSignal.Score(share) < MotionDynamicsSignal.Score(share + 0.05));
    }

    private static Measurement Measure(params int[] levels) => TestMaterial.Measure(new MotionDynamicsSignal(), TestMaterial.Of(Pack(levels), MediaKind.Video, MediaFormat.Mp4));

    private static Infrastructure.Packs.FramePack Pack(int[] levels) =>
        TestMaterial.Pack(thumbnails: [.. levels.Select(level => Enumerable.Repeat((byte)(50 + level), 16 * 16 * 3).ToArray())], thumbnailSide: 16);
}
