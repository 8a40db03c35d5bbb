using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Compression;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Packs;
using Xunit;

namespace Deepfake.ForensicsWorker.Tests;

public sealed class DoubleJpegTests
{
    private const int Side = 384;
    private static readonly Box Face = new(128, 128, 128, 128);
    private static readonly float[] Photo = CameraLike(1);

    [Fact]
    public void The_transform_is_the_one_of_the_standard()
    {
        // scipy.fft.dctn(block, norm="ortho") of the block (7 · x² + 13 · y + 5 · x · y) mod 97.
        float[] block = [.. Enumerable.Range(0, 64).Select(i => (float)((7 * (i % 8) * (i % 8) + 13 * (i / 8) + 5 * (i % 8) * (i / 8)) % 97))], coefficients = new float[64];
        BlockTransform.Forward(block, 8, coefficients);
        Assert.Equal(Expected[0], coefficients[0], 1e-2);
        Assert.Equal(Expected[1], coefficients[1], 1e-2);
        Assert.Equal(Expected[2], coefficients[8], 1e-2);
        Assert.Equal(Expected[3], coefficients[10], 1e-2);
        Assert.Equal(Expected[4], coefficients[63], 1e-2);
        float[] back = new float[64];
        BlockTransform.Inverse(coefficients, back, 8);
        for (var i = 0; i < 64; i++) Assert.Equal(block[i], back[i], 1e-3);
    }

    [Theory]
    [InlineData(50, 80)]
    [InlineData(60, 75)]
    [InlineData(70, 90)]
    [InlineData(75, 85)]
    [InlineData(75, 95)]
    [InlineData(80, 90)]
    [InlineData(85, 95)]
    [InlineData(90, 95)]
    [InlineData(85, 80)]
    public void A_second_compression_is_told_and_the_first_quality_found(int first, int second)
    {
        var result = Measure(Twice(Photo, first, second), second);
        Assert.True(result.Score > 0.5, $"{result.Raw}");
        Assert.InRange(result.Values["first_quality"], first - 5, first + 5);
    }

    [Theory]
    [InlineData(60)]
    [InlineData(75)]
    [InlineData(85)]
    [InlineData(92)]
    [InlineData(95)]
    public void One_compression_raises_nothing(int quality)
    {
        var once = JpegSimulation.Compress(Photo, Side, quality);
        var result = Measure(once, quality);
        Assert.True(result.Score < 0.1, $"{result.Raw}");
        Assert.DoesNotContain("first_quality", result.Values.Keys);
        Assert.True(TestMaterial.Measure(new JpegGhostSignal(), Material(once, quality)).Score < 0.1);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    [InlineData(7)]
    [InlineData(8)]
    public void The_grid_is_found_however_the_picture_is_turned(int orientation)
    {
        // 380 pixels are no whole blocks: seen from another corner, the grid begins elsewhere.
        const int width = 380;
        var stored = Crop(Photo, Side, width, Side);
        stored = JpegSimulation.Compress(JpegSimulation.Compress(stored, width, 70), width, 90);
        var (shown, shownWidth) = Turn(stored, width, orientation);
        var pack = Pack(shown, shownWidth, new Box(0, 0, shownWidth, shown.Length / shownWidth));
        var result = TestMaterial.Measure(new DoubleJpegSignal(), TestMaterial.Of(pack, format: MediaFormat.Jpeg, head: JpegSimulation.Header(width, Side, 90, orientation)));
        Assert.InRange(result.Values.GetValueOrDefault("first_quality"), 65, 75);
    }

    [Theory]
    [InlineData(3, 5)]
    [InlineData(8, 16)]
    [InlineData(13, 1)]
    public void A_window_may_begin_between_blocks(int x, int y)
    {
        var twice = Crop(Twice(Photo, 70, 90)[(y * Side)..], Side, Side - x, Side - y, x);
        var pack = Pack(twice, Side - x, new Box(x, y, Side - x, Side - y));
        var result = TestMaterial.Measure(new DoubleJpegSignal(), TestMaterial.Of(pack, format: MediaFormat.Jpeg, head: JpegSimulation.Header(Side, Side, 90)));
        Assert.InRange(result.Values.GetValueOrDefault("first_quality"), 65, 75);
    }

    [Fact]
    public void A_face_pasted_into_a_JPEG_is_pointed_at()
    {
        var background = JpegSimulation.Compress(Photo, Side, 70);
        var other = CameraLike(2);
        for (var y = 128; y < 256; y++) other.AsSpan(y * Side + 128, 128).CopyTo(background.AsSpan(y * Side + 128));
        var result = TestMaterial.Measure(new JpegGhostSignal(), Material(JpegSimulation.Compress(background, Side, 90), 90));
        Assert.True(result.Score > 0.5, $"{result.Raw}");
        Assert.Contains("the face was not", result.Reason, StringComparison.Ordinal);
        Assert.Equal(Face, Assert.Single(result.Places).Box);
        Assert.InRange(result.Values["quality"], 65, 75);
    }

    [Fact]
    public void A_picture_compressed_twice_as_a_whole_has_one_history() =>
        Assert.True(TestMaterial.Measure(new JpegGhostSignal(), Material(Twice(Photo, 70, 90), 90)).Score < 0.1);

    [Fact]
    public void What_is_no_JPEG_or_has_no_table_is_not_judged()
    {
        var pack = Pack(Photo, Side, new Box(0, 0, Side, Side));
        Assert.Equal("Not a JPEG.", TestMaterial.Measure(new DoubleJpegSignal(), TestMaterial.Of(pack)).Reason);
        Assert.Null(TestMaterial.Measure(new DoubleJpegSignal(), TestMaterial.Of(pack, format: MediaFormat.Jpeg, head: [0xFF, 0xD8, 0xFF, 0xD9])).Score);
        Assert.Null(Measure([.. Enumerable.Repeat(128f, Side * Side)], 90).Score);
    }

    /// <summary>A natural picture with the noise of a sensor.</summary>
    private static float[] CameraLike(int seed)
    {
        var random = new Random(seed);
        return [.. Crop(TestMaterial.Natural(512, seed), 512, Side, Side).Select(value => (float)Math.Clamp(Math.Round(value + 2 * TestMaterial.Normal(random)), 0, 255))];
    }

    private static float[] Twice(float[] luma, int first, int second) => JpegSimulation.Compress(JpegSimulation.Compress(luma, Side, first), Side, second);

    private static Measurement Measure(float[] luma, int quality) => TestMaterial.Measure(new DoubleJpegSignal(), Material(luma, quality));

    private static ForensicMaterial Material(float[] luma, int quality) =>
        TestMaterial.Of(Pack(luma, Side, new Box(0, 0, Side, Side)), format: MediaFormat.Jpeg, head: JpegSimulation.Header(Side, Side, quality));

    private static FramePack Pack(float[] luma, int width, Box origin) => new()
    {
        Thumbnails = new ByteTensor("thumbnails", [0, 0, 0, 3], Array.Empty<byte>()),
        Seconds = [],
        Windows = [new FaceWindow(0, 1, Face, origin)],
        WindowPixels = [new ByteTensor("window_0", [luma.Length / width, width, 3], TestMaterial.Rgb(luma))],
    };

    private static float[] Crop(float[] luma, int stride, int width, int height, int x = 0) =>
        [.. Enumerable.Range(0, width * height).Select(i => luma[i / width * stride + i % width + x])];

    /// <summary>How a viewer shows a stored picture (EXIF 2.32, tag 0x0112).</summary>
    private static (float[] Shown, int Width) Turn(float[] stored, int width, int orientation)
    {
        var height = stored.Length / width;
        var (w, h) = orientation >= 5 ? (height, width) : (width, height);
        var shown = new float[stored.Length];
        for (var y = 0; y < h; y++)
        {
            for (var x = 0; x < w; x++)
            {
                var (sx, sy) = orientation switch
                {
                    2 => (width - 1 - x, y),
                    3 => (width - 1 - x, height - 1 - y),
                    4 => (x, height - 1 - y),
                    5 => (y, x),
                    6 => (y, height - 1 - x),
                    7 => (width - 1 - y, height - 1 - x),
                    8 => (width - 1 - y, x),
                    _ => (x, y),
                };
                shown[y * w + x] = stored[sy * width + sx];
            }
        }

        return (shown, w);
    }

    private static readonly double[] Expected = [354.7500, 4.1665, -32.6815, -37.2566, 1.3790];
}
