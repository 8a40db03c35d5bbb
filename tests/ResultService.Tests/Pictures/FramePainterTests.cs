using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Pictures;
using Deepfake.ResultService.Tests.Fusion;

namespace Deepfake.ResultService.Tests.Pictures;

public sealed class FramePainterTests
{
    private const int Width = 1280, Height = 720;
    private static readonly Picture Thumbnail = new([.. Enumerable.Repeat((byte)100, 320 * 180 * 3)], 320, 180);

    [Fact]
    public void A_placement_turns_as_the_crop_was_turned()
    {
        // A face of 160 source pixels fills a crop of 256: one to one.
        var upright = CropPlacement.Of(Face(new Box(420, 220, 160, 120), 160, 0));
        var turned = CropPlacement.Of(Face(new Box(420, 220, 160, 120), 160, 90));

        Assert.Equal((256f, 500f, 280f), (upright.Side, upright.CentreX, upright.CentreY));
        Assert.Equal((138f, 148f), upright.ToCrop(510, 300));
        var (x, y) = turned.ToCrop(510, 300); // eyes that run down the picture lie level in the crop: right of the middle is above it there
        Assert.Equal(148, x, 0.01);
        Assert.Equal(118, y, 0.01);
        var (left, top, right, bottom) = CropPlacement.Of(Face(new Box(420, 220, 160, 120), 160, 45)).Bounds();
        Assert.Equal(256 * MathF.Sqrt(2), right - left, 0.01);
        Assert.Equal(right - left, bottom - top, 0.01);
    }

    [Theory]
    [InlineData(0, -1, -1)]
    [InlineData(90, 1, -1)]
    [InlineData(180, 1, 1)]
    public void The_map_lies_where_the_face_is(float roll, int across, int down)
    {
        // Hot is the upper left quarter of the crop; its middle lies 64 crop pixels off.
        var evidence = new float[FacePack.Side * FacePack.Side];
        for (var i = 0; i < evidence.Length; i++) evidence[i] = i % FacePack.Side < 128 && i / FacePack.Side < 128 ? 8 : 0;

        var frame = FramePainter.Paint(Thumbnail, Width, Height, CropPlacement.Of(Face(new Box(480, 200, 320, 320), 320, roll)), Crop(200), evidence);

        Assert.Equal((640, 360), (frame.Width, frame.Height));
        Assert.True(IsRed(frame, 320 + 56 * across, 180 + 56 * down)); // 64 crop pixels are 128 of the source and 64 of the frame; a bit less, beside the line
        Assert.False(IsRed(frame, 320 - 56 * across, 180 - 56 * down));
        Assert.False(IsRed(frame, 320 + 56 * across, 180 - 56 * down));
        Assert.Equal(100, frame.Rgb[0]);
    }

    [Fact]
    public void The_face_has_the_detail_of_its_crop_and_a_line_around_it()
    {
        var frame = FramePainter.Paint(Thumbnail, Width, Height, CropPlacement.Of(Face(new Box(480, 200, 320, 320), 320, 0)), Crop(200), []);
        Assert.Equal(200, At(frame, 320, 180));
        Assert.Equal(255, At(frame, 320 - 80, 180)); // half of 320 source pixels is 80 of the frame
        Assert.Equal(200, At(frame, 320 - 100, 180)); // between the face and the crop's edge, 128 away
        Assert.Equal(100, At(frame, 320 - 130, 180));
    }

    [Fact]
    public void A_small_face_is_averaged()
    {
        var checks = new byte[FacePack.CropBytes];
        for (var i = 0; i < FacePack.Side * FacePack.Side; i++) checks.AsSpan(i * 3, 3).Fill((byte)((i + i / FacePack.Side) % 2 == 0 ? 0 : 240));
        var frame = FramePainter.Paint(Thumbnail, Width, Height, CropPlacement.Of(Face(new Box(600, 300, 80, 80), 80, 0)), checks, []);
        Assert.InRange(At(frame, 320, 170), 100, 140);
    }

    [Theory]
    [InlineData(-100, -100, 300, 12)]
    [InlineData(1200, 650, 300, -170)]
    [InlineData(5000, 5000, 10, 0)]
    [InlineData(0, 0, 0, 0)]
    public void A_face_at_or_beyond_the_edge_does_no_harm(float x, float y, float size, float roll)
    {
        var frame = FramePainter.Paint(Thumbnail, Width, Height, CropPlacement.Of(Face(new Box(x, y, size, size), size, roll)), Crop(200), new float[FacePack.Side * FacePack.Side]);
        Assert.Equal(640 * 360 * 3, frame.Rgb.Length);
    }

    [Fact]
    public void A_small_picture_is_not_enlarged()
    {
        var frame = FramePainter.Paint(Thumbnail with { Rgb = new byte[90 * 120 * 3], Width = 90, Height = 120 }, 90, 120, CropPlacement.Of(Face(new Box(20, 20, 50, 50), 50, 0)), Crop(200), []);
        Assert.Equal((90, 120), (frame.Width, frame.Height));
    }

    private static IndexedFace Face(Box box, float size, float roll) => Medium.Face(1, 0, 0, Medium.Good with { SizePixels = size, Roll = roll }) with { Box = box };

    private static byte[] Crop(byte value) => [.. Enumerable.Repeat(value, FacePack.CropBytes)];

    private static byte At(Picture frame, int x, int y) => frame.Rgb[(y * frame.Width + x) * 3];

    private static bool IsRed(Picture frame, int x, int y)
    {
        var at = (y * frame.Width + x) * 3;
        return frame.Rgb[at] > 2 * frame.Rgb[at + 1];
    }
}
