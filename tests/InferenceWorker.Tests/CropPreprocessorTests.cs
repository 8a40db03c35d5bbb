using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Xunit;

namespace Deepfake.InferenceWorker.Tests;

/// <summary>Reference values: Pillow's float BILINEAR resize with box, printed by Networks/make_networks.py.</summary>
public sealed class CropPreprocessorTests
{
    private static readonly float[] ImageNetMean = [0.485f, 0.456f, 0.406f], ImageNetStd = [0.229f, 0.224f, 0.225f], Half = [0.5f, 0.5f, 0.5f];

    [Fact]
    public void The_whole_crop_at_margin_1_6_is_what_Pillow_makes_of_it() =>
        AssertPixels(Input(16, 1.6f, Half, Half), [-0.91253f, -0.91449f, -0.91253f], [0.18422f, 0.18226f, 0.18422f], [-0.23398f, -0.21571f, -0.23398f]);

    [Fact]
    public void A_smaller_margin_takes_the_centre() =>
        AssertPixels(Input(16, 1.3f, ImageNetMean, ImageNetStd), [-1.28258f, -1.18612f, -0.95427f], [0.43827f, 0.57314f, 0.79717f], [1.56093f, 1.88767f, 1.93979f]);

    [Fact]
    public void A_window_of_a_fractional_size_is_kept_fractional() =>
        AssertPixels(Input(16, 0.77f, ImageNetMean, ImageNetStd), [-0.62194f, -0.51073f, -0.28188f], [0.38704f, 0.52076f, 0.74503f], [1.32759f, 1.48231f, 1.7023f]);

    [Fact]
    public void Enlarging_interpolates()
    {
        var tensor = Write(Input(224, 0.77f, Half, Half));
        Assert.Equal(-0.41275f, tensor[0], 1e-4f);
        Assert.Equal(-0.13235f, tensor[224 * 224 + 100 * 224 + 37], 1e-4f);
        Assert.Equal(0.68412f, tensor[^1], 1e-4f);
    }

    [Fact]
    public void Bgr_swaps_the_channels_before_mean_and_std()
    {
        var rgb = Write(Input(16, 1.3f, Half, Half));
        var bgr = Write(Input(16, 1.3f, Half, Half) with { Colour = ColourOrder.Bgr });
        Assert.Equal(rgb[..256], bgr[512..]);
        Assert.Equal(rgb[256..512], bgr[256..512]);
        Assert.Equal(rgb[512..], bgr[..256]);
    }

    [Fact]
    public void Nhwc_holds_the_same_numbers_in_another_order()
    {
        var nchw = Write(Input(16, 1.3f, ImageNetMean, ImageNetStd));
        var nhwc = Write(Input(16, 1.3f, ImageNetMean, ImageNetStd) with { Layout = TensorLayout.Nhwc });
        for (var i = 0; i < 256; i++)
            for (var c = 0; c < 3; c++)
                Assert.Equal(nchw[c * 256 + i], nhwc[i * 3 + c]);
    }

    [Fact]
    public void The_mirrored_view_is_the_view_of_the_mirrored_crop()
    {
        var crop = TestCrops.Pattern(0);
        var flipped = new byte[crop.Length];
        for (var y = 0; y < 256; y++)
            for (var x = 0; x < 256; x++)
                crop.AsSpan((y * 256 + x) * 3, 3).CopyTo(flipped.AsSpan((y * 256 + 255 - x) * 3));

        var preprocessor = new CropPreprocessor(Input(48, 1.1f, ImageNetMean, ImageNetStd));
        float[] tensor = new float[preprocessor.Floats], mirrored = new float[preprocessor.Floats], expected = new float[preprocessor.Floats];
        preprocessor.Write(crop, tensor, mirrored);
        preprocessor.Write(flipped, expected, []);
        for (var i = 0; i < expected.Length; i++) Assert.Equal(expected[i], mirrored[i], 1e-4f);
    }

    [Fact]
    public void Full_size_at_full_margin_keeps_every_pixel()
    {
        var crop = TestCrops.Pattern(3);
        var tensor = Write(Input(256, 1.6f, [0, 0, 0], [1, 1, 1]) with { Layout = TensorLayout.Nhwc }, crop);
        for (var i = 0; i < tensor.Length; i++) Assert.Equal(crop[i] / 255f, tensor[i], 1e-6f);
    }

    [Fact]
    public void Nothing_is_allocated_per_crop()
    {
        var preprocessor = new CropPreprocessor(Input(224, 1.3f, ImageNetMean, ImageNetStd));
        var crop = TestCrops.Pattern(0);
        float[] tensor = new float[preprocessor.Floats], mirrored = new float[preprocessor.Floats];
        preprocessor.Write(crop, tensor, mirrored);
        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 10; i++) preprocessor.Write(crop, tensor, mirrored);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void A_crop_of_another_size_is_refused() =>
        Assert.Throws<ArgumentException>(() => Write(Input(16, 1.3f, Half, Half), new byte[100]));

    private static void AssertPixels(ModelInput input, float[] corner, float[] middle, float[] end)
    {
        var tensor = Write(input);
        for (var c = 0; c < 3; c++)
        {
            Assert.Equal(corner[c], tensor[c * 256], 1e-4f);
            Assert.Equal(middle[c], tensor[c * 256 + 8 * 16 + 8], 1e-4f);
            Assert.Equal(end[c], tensor[c * 256 + 255], 1e-4f);
        }
    }

    private static float[] Write(ModelInput input, byte[]? crop = null)
    {
        var preprocessor = new CropPreprocessor(input);
        var tensor = new float[preprocessor.Floats];
        preprocessor.Write(crop ?? TestCrops.Pattern(0), tensor, []);
        return tensor;
    }

    private static ModelInput Input(int size, float margin, float[] mean, float[] std) =>
        new() { Size = size, Layout = TensorLayout.Nchw, Colour = ColourOrder.Rgb, Mean = mean, Std = std, Margin = margin };
}
