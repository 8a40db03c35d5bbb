using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Faces;

[Collection(MediaTests.Name)]
public sealed class FaceFinderTests(Detectors detectors)
{
    [Theory]
    [InlineData(1920, SearchEffort.Thorough)]
    [InlineData(1920, SearchEffort.Quick)]
    [InlineData(960, SearchEffort.Thorough)]
    [InlineData(640, SearchEffort.Quick)]
    public void Finds_every_face_of_the_photos_where_it_is(int width, SearchEffort effort)
    {
        foreach (var (photo, expected) in new[] { (Photos.Three, Photos.ThreeFaces), (Photos.Four, Photos.FourFaces) })
        {
            using var picture = Pictures.Decode(photo, width);
            var found = detectors.Finder.Find(picture.View, effort);
            Assert.Equal(expected.Length, found.Count);
            foreach (var face in expected) AssertFace(face, found, width / 1920f, 0, 0);
        }
    }

    [Fact]
    public void Answers_with_the_largest_face_first_and_the_primary_detectors_name()
    {
        using var picture = Pictures.Decode(Photos.Four);
        var found = detectors.Finder.Find(picture.View, SearchEffort.Thorough);
        Assert.Equal(found.OrderByDescending(face => face.Size), found);
        Assert.All(found, face => Assert.Equal("blazeface-256", face.Detector));
        Assert.All(found, face => Assert.InRange(face.Confidence, 0.6f, 1f));
    }

    [Theory]
    [InlineData(30)]
    [InlineData(50)]
    [InlineData(90)]
    public void Finds_a_small_face_in_a_large_still_by_tiles(int facePixels)
    {
        // The first face of the photo is 192 pixels wide there.
        using var photo = Pictures.Decode(Photos.Three, (int)(1920 * facePixels / 192f) / 2 * 2, "crop=iw/4:ih/3:iw*0.17:ih*0.25");
        using var large = Pictures.Plain(1920, 1080, 90);
        large.Paste(photo, 1500, 800);
        var face = Assert.Single(detectors.Finder.Find(large.View, SearchEffort.Thorough));
        Assert.InRange(face.Size, facePixels * 0.75f, facePixels * 1.3f);
        Assert.InRange(face.Box.X, 1500, 1500 + photo.Width);
        Assert.InRange(face.Box.Y, 800, 800 + photo.Height);
    }

    [Fact]
    public void Finds_a_face_that_fills_the_picture()
    {
        using var close = Pictures.Decode(Photos.Three, null, "crop=210:230:405:390");
        var face = Assert.Single(detectors.Finder.Find(close.View, SearchEffort.Thorough));
        AssertFace([437 - 405, 455 - 390, 518 - 405, 455 - 390, 483 - 405, 552 - 390], [face], 1, 0, 0);
    }

    [Theory]
    [InlineData(-30)]
    [InlineData(-15)]
    [InlineData(15)]
    [InlineData(30)]
    public void Follows_the_tilt_of_a_head(int degrees)
    {
        using var upright = Pictures.Decode(Photos.Three, null, "crop=500:500:240:250");
        using var tilted = Pictures.Decode(Photos.Three, null, "crop=500:500:240:250", FormattableString.Invariant($"rotate={degrees}*PI/180"));
        var before = Assert.Single(detectors.Finder.Find(upright.View, SearchEffort.Thorough));
        var after = Assert.Single(detectors.Finder.Find(tilted.View, SearchEffort.Thorough));
        Assert.InRange((after.EyeAngle - before.EyeAngle) * 180 / MathF.PI, degrees - 12, degrees + 12);
    }

    [Fact]
    public void Sees_no_face_where_there_is_none()
    {
        using var grey = Pictures.Plain(1280, 720, 128);
        Assert.Empty(detectors.Finder.Find(grey.View, SearchEffort.Thorough));

        var noise = new VideoFrame(640, 480);
        new Random(7).NextBytes(noise.Pixels.Span);
        using (noise) Assert.Empty(detectors.Finder.Find(noise.View, SearchEffort.Thorough));

        // The lower half of the photo: clothes, hands, a glass.
        using var clothes = Pictures.Decode(Photos.Three, null, "crop=1920:520:0:760");
        Assert.Empty(detectors.Finder.Find(clothes.View, SearchEffort.Thorough));
    }

    [Fact]
    public void The_fallback_does_the_work_of_a_missing_primary()
    {
        var options = new FrameServiceOptions();
        using var finder = new FaceFinder(
            null, new BlazeFaceDetector(Path.Combine(AppContext.BaseDirectory, options.FallbackDetector), 1, options.DetectorThreshold), new FaceFinderOptions());
        using var picture = Pictures.Decode(Photos.Four);
        var found = finder.Find(picture.View, SearchEffort.Thorough);
        Assert.All(found, face => Assert.Equal("blazeface-128", face.Detector));
        foreach (var face in Photos.FourFaces) AssertFace(face, found, 1, 0, 0);
    }

    [Fact]
    public async Task Gives_the_same_answer_to_many_threads()
    {
        using var picture = Pictures.Decode(Photos.Four, 960);
        var alone = detectors.Finder.Find(picture.View, SearchEffort.Quick);
        var together = await Task.WhenAll(Enumerable.Range(0, 6).Select(_ => Task.Run(() => detectors.Finder.Find(picture.View, SearchEffort.Quick))));
        Assert.All(together, found => Assert.Equal(alone.Select(face => face.Box), found.Select(face => face.Box)));
    }

    [Fact]
    public void Refuses_a_file_that_is_no_network()
    {
        var path = Path.GetTempFileName();
        File.WriteAllText(path, "no network");
        Assert.ThrowsAny<Exception>(() => new BlazeFaceDetector(path, 1, 0.5f));
        File.Delete(path);
    }

    /// <summary>Eyes within an eighth, mouth within a fifth of the face's size.</summary>
    private static void AssertFace(float[] expected, IEnumerable<DetectedFace> found, float scale, float x, float y)
    {
        float At(int i) => expected[i] * scale + (i % 2 == 0 ? x : y);
        var face = found.MinBy(candidate => float.Hypot(candidate.Landmarks[0] - At(0), candidate.Landmarks[1] - At(1)))!;
        Assert.InRange(float.Hypot(face.Landmarks[0] - At(0), face.Landmarks[1] - At(1)), 0, face.Size / 8);
        Assert.InRange(float.Hypot(face.Landmarks[2] - At(2), face.Landmarks[3] - At(3)), 0, face.Size / 8);
        Assert.InRange(float.Hypot(face.Landmarks[6] - At(4), face.Landmarks[7] - At(5)), 0, face.Size / 5);
        Assert.InRange((At(0) + At(2)) / 2, face.Box.X, face.Box.X + face.Box.Width);
        Assert.InRange((At(1) + At(3)) / 2, face.Box.Y, face.Box.Y + face.Box.Height);
    }
}
