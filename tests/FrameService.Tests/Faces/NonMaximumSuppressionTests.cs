using Deepfake.Contracts;
using Deepfake.FrameService.Faces;
using Xunit;

namespace Deepfake.FrameService.Tests.Faces;

public sealed class NonMaximumSuppressionTests
{
    [Theory]
    [InlineData(0, 0, 10, 10, 1f)]
    [InlineData(5, 0, 10, 10, 1f / 3)]
    [InlineData(10, 0, 10, 10, 0f)]
    [InlineData(2.5, 2.5, 5, 5, 0.25f)]
    public void Overlap_is_intersection_over_union(float x, float y, float width, float height, float expected) =>
        Assert.Equal(expected, NonMaximumSuppression.IntersectionOverUnion(new Box(0, 0, 10, 10), new Box(x, y, width, height)), 5);

    [Fact]
    public void Candidates_of_one_face_are_averaged_by_their_scores()
    {
        var merged = Assert.Single(NonMaximumSuppression.Weighted([Face(0, 0, 10, 0.9f), Face(1, 0, 10, 0.3f)], 0.3f));
        Assert.Equal(0.25f, merged.Box.X, 4);
        Assert.Equal(0.9f, merged.Confidence);
        Assert.Equal(0.25f, merged.Landmarks[0], 4);
    }

    [Fact]
    public void Faces_side_by_side_stay_two() =>
        Assert.Equal(2, NonMaximumSuppression.Weighted([Face(0, 0, 10, 0.9f), Face(8, 0, 10, 0.8f)], 0.3f).Count);

    [Fact]
    public void A_part_of_a_face_seen_in_a_tile_gives_way_to_the_whole()
    {
        var kept = Assert.Single(NonMaximumSuppression.AcrossViews([Face(2, 2, 4, 0.7f), Face(0, 0, 10, 0.9f)], 0.3f));
        Assert.Equal(10, kept.Size);
    }

    [Fact]
    public void The_order_of_the_candidates_does_not_matter()
    {
        DetectedFace[] faces = [Face(0, 0, 10, 0.9f), Face(1, 1, 10, 0.9f), Face(30, 0, 8, 0.5f), Face(31, 0, 8, 0.7f)];
        var forward = NonMaximumSuppression.Weighted([.. faces], 0.3f);
        var backward = NonMaximumSuppression.Weighted([.. faces.Reverse()], 0.3f);
        Assert.Equal(forward.Select(face => face.Box), backward.Select(face => face.Box));
    }

    [Fact]
    public void A_face_without_a_mouth_below_its_eyes_is_none()
    {
        Assert.True(FacePlausibility.IsPlausible(Face(100, 100, 50, 0.9f), 640, 480, 16));
        var upsideDown = Face(100, 100, 50, 0.9f);
        (upsideDown.Landmarks[7], upsideDown.Landmarks[1], upsideDown.Landmarks[3]) = (110, 140, 140);
        Assert.False(FacePlausibility.IsPlausible(upsideDown, 640, 480, 16));
        Assert.False(FacePlausibility.IsPlausible(Face(100, 100, 12, 0.9f), 640, 480, 16));
        Assert.False(FacePlausibility.IsPlausible(Face(620, 100, 50, 0.9f), 640, 480, 16));
    }

    /// <summary>An upright face in a square box.</summary>
    internal static DetectedFace Face(float x, float y, float size, float score) => new(
        new Box(x, y, size, size),
        [x + (size >= 50 ? 0.3f * size : 0), y + 0.3f * size, x + 0.7f * size, y + 0.3f * size, x + size / 2, y + 0.55f * size, x + size / 2, y + 0.75f * size, x, y + 0.35f * size, x + size, y + 0.35f * size],
        score,
        "test");
}
