using Deepfake.Contracts;
using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Decoding;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Tests.Media;
using Deepfake.Infrastructure.Packs;
using Xunit;

namespace Deepfake.FrameService.Tests.Cropping;

[Collection(MediaTests.Name)]
public sealed class FaceCropperTests(Detectors detectors)
{
    [Fact]
    public void A_crop_is_a_square_of_the_margin_around_the_middle_of_the_box()
    {
        var face = new DetectedFace(new Box(100, 50, 80, 60), [120, 70, 160, 70, 140, 85, 140, 100, 100, 75, 180, 75], 0.9f, "test");
        var geometry = CropGeometry.Of(face);
        Assert.Equal(new CropGeometry(140, 80, 128, 0), geometry);
        Assert.Equal(0.5f, geometry.Scale);
        Assert.Equal([128, 128, 128 + 40 / 0.5f, 128], geometry.ToCrop([140, 80, 180, 80]));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(20)]
    [InlineData(-35)]
    public void Landmarks_lie_in_the_crop_where_the_picture_shows_them_and_eyes_are_level(int degrees)
    {
        var (sin, cos) = MathF.SinCos(degrees * MathF.PI / 180);
        float[] Turn(float x, float y) => [300 + cos * x - sin * y, 240 + sin * x + cos * y];
        float[] landmarks = [.. Turn(-30, -20), .. Turn(30, -20), .. Turn(0, 5), .. Turn(0, 30), .. Turn(-60, -10), .. Turn(60, -10)];
        using var picture = Pictures.Plain(640, 480, 60);
        for (var i = 0; i < 8; i += 2) Dot(picture, landmarks[i], landmarks[i + 1], (byte)(120 + 15 * i));

        var geometry = CropGeometry.Of(new DetectedFace(new Box(220, 160, 160, 160), landmarks, 0.9f, "test"));
        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(picture.View, geometry, crop);
        var mapped = geometry.ToCrop(landmarks);
        Assert.Equal(mapped[1], mapped[3], 2);
        for (var i = 0; i < 8; i += 2)
        {
            var at = ((int)mapped[i + 1] * FacePack.Side + (int)mapped[i]) * 3;
            Assert.InRange(crop[at], 120 + 15 * i - 4, 120 + 15 * i + 4);
        }
    }

    [Theory]
    [InlineData(2.0f)]
    [InlineData(3.7f)]
    [InlineData(6.0f)]
    public void Shrinking_averages_instead_of_skipping(float scale)
    {
        using var checks = Pictures.Plain(1600, 1600, 0);
        for (var y = 0; y < 1600; y++)
        {
            for (var x = 0; x < 1600; x++)
            {
                if (((x + y) & 1) == 0) checks.Pixels.Span.Slice((y * 1600 + x) * 3, 3).Fill(255);
            }
        }

        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(checks.View, new CropGeometry(800, 800, 256 * scale, 0.3f), crop);
        Assert.All(crop, value => Assert.InRange(value, 90, 165));
        Assert.InRange(crop.Average(value => value), 124, 131);
    }

    [Fact]
    public void Outside_the_picture_its_edge_is_repeated()
    {
        using var picture = Pictures.Plain(100, 100, 50);
        for (var y = 0; y < 100; y++) picture.Pixels.Span.Slice(y * 300, 3).Fill(200);
        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(picture.View, new CropGeometry(0, 50, 100, 0), crop);
        Assert.Equal(200, crop[128 * FacePack.Side * 3]);
        Assert.Equal(200, crop[(128 * FacePack.Side + 100) * 3]);
        Assert.Equal(50, crop[(128 * FacePack.Side + 200) * 3]);
    }

    [Fact]
    public void A_crop_at_the_pictures_own_scale_is_the_picture()
    {
        using var picture = Pictures.Decode(Photos.Three, 640);
        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(picture.View, new CropGeometry(128 + 100, 128 + 80, 256, 0), crop);
        for (var y = 0; y < 256; y += 17)
            Assert.Equal(picture.View.Row(80 + y).Slice(300, 768).ToArray(), crop[(y * 768)..((y + 1) * 768)]);
    }

    [Fact]
    public void Blur_lowers_sharpness_light_raises_brightness_and_a_mirror_turns_yaw_round()
    {
        var plain = Quality();
        var blurred = Quality("gblur=3");
        var lit = Quality("eq=brightness=0.2");
        var mirrored = Quality("hflip");
        Assert.True(blurred.Sharpness < plain.Sharpness / 3, $"{blurred.Sharpness} against {plain.Sharpness}");
        Assert.InRange(lit.Brightness - plain.Brightness, 25, 75);
        Assert.True(plain.Yaw < -0.15, $"{plain.Yaw}");
        Assert.InRange(mirrored.Yaw + plain.Yaw, -0.12, 0.12);
        Assert.InRange(mirrored.Roll + plain.Roll, -8, 8);
        Assert.Equal(plain.SizePixels, mirrored.SizePixels, tolerance: 12);

        FaceQuality Quality(params string[] filters)
        {
            using var picture = Pictures.Decode(Photos.Three, null, ["crop=500:500:240:250", .. filters]);
            var face = Assert.Single(detectors.Finder.Find(picture.View, SearchEffort.Thorough));
            var crop = new byte[FacePack.CropBytes];
            FaceCropper.Crop(picture.View, CropGeometry.Of(face), crop);
            return CropQuality.Measure(crop, face);
        }
    }

    private static void Dot(VideoFrame picture, float x, float y, byte grey)
    {
        for (var dy = -4; dy <= 4; dy++)
        {
            for (var dx = -4; dx <= 4; dx++) picture.Pixels.Span.Slice((((int)y + dy) * picture.Width + (int)x + dx) * 3, 3).Fill(grey);
        }
    }

    [Theory]
    [InlineData(120)]
    [InlineData(300)]
    [InlineData(460)]
    public void A_crop_beside_the_edge_shows_the_same_as_one_inside(float side)
    {
        using var small = Pictures.Plain(500, 500, 0);
        using var large = Pictures.Plain(560, 560, 0);
        for (var y = 0; y < 560; y++)
        {
            for (var x = 0; x < 560; x++)
            {
                // The large picture repeats the edge of the small one around it.
                int u = Math.Clamp(x - 30, 0, 499), v = Math.Clamp(y - 30, 0, 499);
                byte[] colour = [(byte)(u * 7 + v), (byte)(v * 5), (byte)(u ^ v)];
                colour.CopyTo(large.Pixels.Span[((y * 560 + x) * 3)..]);
                if (x is >= 30 and < 530 && y is >= 30 and < 530) colour.CopyTo(small.Pixels.Span[((v * 500 + u) * 3)..]);
            }
        }

        byte[] edge = new byte[FacePack.CropBytes], inside = new byte[FacePack.CropBytes];
        var centre = 500 - side / 2 - 1.25f;
        FaceCropper.Crop(small.View, new CropGeometry(centre, centre, side, 0), edge);
        FaceCropper.Crop(large.View, new CropGeometry(centre + 30, centre + 30, side, 0), inside);
        for (var i = 0; i < edge.Length; i++) Assert.InRange(Math.Abs(edge[i] - inside[i]), 0, 1);
    }
}
