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

    [Theory]
    [InlineData(0.4f, 0.2f, 0.5f, 0.5f)]
    [InlineData(0.9f, -0.4f, 0.5f, 0.5f)]
    [InlineData(1.4f, 0.1f, 0.5f, 0.5f)]
    [InlineData(2.6f, 0.3f, 0.5f, 0.5f)]
    [InlineData(0.7f, 0.3f, 0, 0.02f)]
    [InlineData(1.9f, -0.2f, 1, 0)]
    [InlineData(3.3f, 0.1f, 0.99f, 0.98f)]
    [InlineData(7.4f, 0, 0.9f, 0.95f)]
    public void A_crop_is_within_a_grey_level_of_the_exact_samples(float scale, float angle, float x, float y)
    {
        using var picture = Pictures.Decode(Photos.Three);
        var geometry = new CropGeometry(x * picture.Width + 0.3f, y * picture.Height - 0.2f, scale * FacePack.Side, angle);
        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(picture.View, geometry, crop);
        var apart = ExactCrop.Of(picture.View, geometry).Zip(crop, (exact, pixel) => Math.Abs(exact - pixel)).ToList();
        Assert.InRange(apart.Max(), 0, 2);
        Assert.InRange(apart.Count(difference => difference > 1), 0, FacePack.CropBytes / 10_000);
        Assert.InRange(apart.Average(), 0, 0.5);
    }

    /// <summary>Just below a whole factor and turned by 45 degrees, a crop covers the most pixels or blocks of them: the intermediate pictures must hold them all.</summary>
    [Theory]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public void The_widest_crops_can_be_cut_at_any_place(float scale)
    {
        using var picture = Pictures.Plain(1600, 1600, 77);
        var crop = new byte[FacePack.CropBytes];
        foreach (var angle in new[] { MathF.PI / 4, -3 * MathF.PI / 4 })
        {
            for (var place = 0; place < 20; place++)
            {
                FaceCropper.Crop(picture.View, new CropGeometry(800 + place * 0.15f, 800 - place * 0.35f, MathF.BitDecrement(scale) * FacePack.Side, angle), crop);
                Assert.Equal(-1, crop.AsSpan().IndexOfAnyExcept((byte)77));
            }
        }
    }

    [Theory]
    [InlineData(0.5f)]
    [InlineData(1.4f)]
    [InlineData(3.3f)]
    public void A_crop_allocates_no_pixels(float scale)
    {
        using var picture = Pictures.Plain(900, 900, 100);
        var geometry = new CropGeometry(450, 450, scale * FacePack.Side, 0.2f);
        var crop = new byte[FacePack.CropBytes];
        FaceCropper.Crop(picture.View, geometry, crop);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++) FaceCropper.Crop(picture.View, geometry, crop);
        Assert.InRange((GC.GetAllocatedBytesForCurrentThread() - before) / 10, 0, 8 * 1024);
    }

    [Fact]
    public void Sharpness_is_the_variance_of_the_Laplacian_of_the_face_and_brightness_its_mean()
    {
        var crop = new byte[FacePack.CropBytes];
        new Random(5).NextBytes(crop);
        var quality = CropQuality.Measure(crop, new DetectedFace(new Box(0, 0, 80, 80), new float[12], 0.9f, "test"));

        // The middle 160 pixels at 128: a step of 1.25 pixels, between two neighbours each way.
        var luma = new double[128, 128];
        double Luma(int x, int y) => 0.299 * crop[(y * 256 + x) * 3] + 0.587 * crop[(y * 256 + x) * 3 + 1] + 0.114 * crop[(y * 256 + x) * 3 + 2];
        for (var y = 0; y < 128; y++)
        {
            for (var x = 0; x < 128; x++)
            {
                double u = 48 + 1.25 * (x + 0.5) - 0.5, v = 48 + 1.25 * (y + 0.5) - 0.5;
                int left = (int)u, top = (int)v;
                double across = u - left, down = v - top;
                luma[y, x] = (1 - down) * ((1 - across) * Luma(left, top) + across * Luma(left + 1, top)) + down * ((1 - across) * Luma(left, top + 1) + across * Luma(left + 1, top + 1));
            }
        }

        var edges = new List<double>();
        for (var y = 1; y < 127; y++)
            for (var x = 1; x < 127; x++) edges.Add(luma[y, x - 1] + luma[y, x + 1] + luma[y - 1, x] + luma[y + 1, x] - 4 * luma[y, x]);
        var mean = edges.Average();
        Assert.Equal(edges.Average(edge => (edge - mean) * (edge - mean)), quality.Sharpness, quality.Sharpness * 1e-4);
        Assert.Equal(luma.Cast<double>().Average(), quality.Brightness, 1e-3);
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
