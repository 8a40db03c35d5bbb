using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Images;
using Deepfake.ForensicsWorker.Motion;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Packs;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class FaceMotionTests
{
    private const int Side = 200;
    private static readonly Box Face = new(65, 65, 70, 70);
    private static readonly float[] Scene = TestMaterial.Natural(512, 1);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(3, -2)]
    [InlineData(-7, 7)]
    public void A_shift_explains_a_block(int dx, int dy)
    {
        LumaPlane before = Window(100, 100), now = Window(100 + dx, 100 + dy);
        Assert.Equal(0, BlockMatching.Residual(now, before, 96, 96), 1e-3);
        Assert.True(BlockMatching.Residual(now, Window(300, 20), 96, 96) > 1);
    }

    [Fact]
    public void Texture_is_the_deviation_from_the_mean()
    {
        var plane = new LumaPlane([.. Enumerable.Range(0, 64).Select(i => i % 2 == 0 ? 90f : 110f)], 8, 8);
        Assert.Equal(10, BlockMatching.Texture(plane, 0, 0), 1e-3);
    }

    [Fact]
    public void A_scene_that_moves_as_a_whole_raises_nothing()
    {
        var material = Clip(0.1, (_, _, _, value) => value);
        Assert.True(TestMaterial.Measure(new TemporalWarpSignal(), material).Score < 0.5);
        Assert.True(TestMaterial.Measure(new BoundaryFlickerSignal(), material).Score < 0.5);
    }

    [Fact]
    public void A_face_that_is_made_anew_in_every_frame_is_told()
    {
        var random = new Random(5);
        var result = TestMaterial.Measure(new TemporalWarpSignal(), Clip(0.1, (distance, _, _, value) => distance < 0.9f ? value + 12 * TestMaterial.Normal(random) : value));
        Assert.True(result.Score > 0.5, $"{result.Raw}");
        Assert.Equal(7, result.Places[0].TrackId);
        Assert.NotNull(result.Places[0].Box);
    }

    [Fact]
    public void A_seam_that_flickers_is_told()
    {
        var random = new Random(5);
        var result = TestMaterial.Measure(new BoundaryFlickerSignal(), Clip(0.1, (distance, _, _, value) => distance is > 0.85f and < 1.3f ? value + 15 * TestMaterial.Normal(random) : value));
        Assert.True(result.Score > 0.5, $"{result.Raw}");
    }

    [Fact]
    public void Frames_far_apart_are_not_compared()
    {
        var material = Clip(1.0, (_, _, _, value) => value);
        Assert.Contains("0.25 s apart", TestMaterial.Measure(new TemporalWarpSignal(), material).Reason, StringComparison.Ordinal);
        Assert.Null(TestMaterial.Measure(new LandmarkJitterSignal(), material).Score);
    }

    [Fact]
    public void Landmarks_that_tremble_are_told_and_a_moving_head_is_not()
    {
        var random = new Random(2);
        var steady = TestMaterial.Measure(new LandmarkJitterSignal(), Clip(0.1, (_, _, _, value) => value));
        var trembling = TestMaterial.Measure(new LandmarkJitterSignal(), Clip(0.1, (_, _, _, value) => value, () => 4 * TestMaterial.Normal(random)));
        Assert.True(steady.Raw < 0.1, $"{steady.Raw}");
        Assert.True(trembling.Score > 0.3, $"{trembling.Raw}");
    }

    [Fact]
    public void Without_an_index_nothing_is_said()
    {
        var pack = TestMaterial.Pack(thumbnails: [.. Enumerable.Range(0, 10).Select(_ => new byte[16 * 16 * 3])], thumbnailSide: 16);
        Assert.Null(TestMaterial.Measure(new TemporalWarpSignal(), TestMaterial.Of(pack, MediaKind.Video)).Score);
    }

    private static LumaPlane Window(int x, int y) =>
        new([.. Enumerable.Range(0, Side * Side).Select(i => Scene[(y + i / Side) * 512 + x + i % Side])], Side, Side);

    private static ForensicMaterial Clip(double gap, Func<float, int, int, double, double> change, Func<double>? tremble = null)
    {
        const int frames = 16;
        var ellipse = new FaceEllipse(Face);
        var pictures = new List<byte[]>();
        var index = new List<IndexedFrame>();
        for (var i = 0; i < frames; i++)
        {
            // The camera moves, and the face stays where it is in the picture.
            var window = Window(100 + 2 * i, 100 + i);
            var luma = new float[Side * Side];
            for (var at = 0; at < luma.Length; at++) luma[at] = (float)change(ellipse.Distance(at % Side, at / Side), at % Side, at / Side, window.Pixels[at]);
            pictures.Add(TestMaterial.Rgb(luma));
            index.Add(new IndexedFrame { Seconds = i * gap, Faces = [TestMaterial.Face(7, Face, i, tremble)] });
        }

        var pack = TestMaterial.Pack(thumbnails: pictures, thumbnailSide: Side);
        var timed = new FramePack { Thumbnails = pack.Thumbnails, Seconds = [.. index.Select(frame => frame.Seconds)], Windows = [], WindowPixels = [] };
        return TestMaterial.Of(timed, MediaKind.Video, MediaFormat.Mp4) with { Index = TestMaterial.Index(Side, index) };
    }
}
