using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Tests.Faces;
using Deepfake.FrameService.Tracking;
using Xunit;

namespace Deepfake.FrameService.Tests.Tracking;

public sealed class FaceTrackerTests
{
    [Fact]
    public void Two_faces_that_move_keep_their_tracks()
    {
        var tracker = new FaceTracker();
        for (var frame = 0; frame < 20; frame++)
        {
            DetectedFace left = At(100 + 10 * frame, 100), right = At(500 - 10 * frame, 320);
            // Detectors deliver in any order.
            Assert.Equal(frame % 2 == 0 ? [1, 2] : [2, 1], tracker.Assign(frame % 2 == 0 ? [left, right] : [right, left], false));
        }
    }

    [Fact]
    public void A_face_that_was_not_seen_for_a_while_is_the_same() =>
        Assert.Equal([[1], [], [], [], [1]], Ids([At(100, 100)], [], [], [], [At(110, 105)]));

    [Fact]
    public void A_face_that_was_not_seen_for_long_is_another() =>
        Assert.Equal([1, 2], Ids([At(100, 100)], [], [], [], [], [], [], [], [At(100, 100)]).SelectMany(ids => ids));

    [Fact]
    public void A_face_elsewhere_or_of_another_size_is_another()
    {
        Assert.Equal([[1], [2]], Ids([At(100, 100)], [At(400, 100)]));
        Assert.Equal([[1], [2]], Ids([At(100, 100, 60)], [At(70, 70, 160)]));
    }

    [Fact]
    public void After_a_cut_only_what_overlaps_is_the_same()
    {
        var tracker = new FaceTracker();
        Assert.Equal([1, 2], tracker.Assign([At(100, 100), At(400, 100)], false));
        Assert.Equal([1, 3], tracker.Assign([At(105, 100), At(450, 130)], true));
    }

    [Fact]
    public void Each_track_takes_one_face_a_frame_the_nearer_one()
    {
        var tracker = new FaceTracker();
        tracker.Assign([At(100, 100)], false);
        Assert.Equal([2, 1], tracker.Assign([At(140, 100), At(102, 100)], false));
    }

    [Fact]
    public void The_same_frames_give_the_same_tracks()
    {
        var random = new Random(5);
        var frames = Enumerable.Range(0, 60).Select(_ => Enumerable.Range(0, random.Next(6)).Select(_ => At(random.Next(600), random.Next(400), random.Next(40, 120))).ToArray()).ToArray();
        Assert.Equal(Ids(frames), Ids(frames));
    }

    private static List<int[]> Ids(params DetectedFace[][] frames)
    {
        var tracker = new FaceTracker();
        return [.. frames.Select(faces => tracker.Assign(faces, false))];
    }

    private static DetectedFace At(float x, float y, float size = 80) => NonMaximumSuppressionTests.Face(x, y, size, 0.9f);
}
