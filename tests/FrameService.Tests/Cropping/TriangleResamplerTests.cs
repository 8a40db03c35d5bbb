using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Cropping;

public sealed class TriangleResamplerTests
{
    [Fact]
    public void The_same_size_is_the_same_picture()
    {
        using var picture = Pictures.Plain(37, 21, 0);
        new Random(3).NextBytes(picture.Pixels.Span);
        var output = new float[37 * 21 * 3];
        new TriangleResampler().Resample(picture.View, 0, 0, 37, 21, 37, 21, output);
        Assert.Equal(picture.Pixels.ToArray().Select(value => (float)value), output.Select(value => MathF.Round(value, 3)));
    }

    [Fact]
    public void Halving_weighs_four_neighbours_as_a_triangle_of_twice_the_width()
    {
        // Around the centre of target pixel 1 (source 2.5) the weights are 1/8, 3/8, 3/8, 1/8 of pixels 1 to 4.
        using var picture = Pictures.Plain(8, 1, 0);
        byte[] values = [0, 80, 160, 240, 40, 0, 0, 0];
        for (var i = 0; i < 8; i++) picture.Pixels.Span.Slice(i * 3, 3).Fill(values[i]);
        var output = new float[4 * 3];
        new TriangleResampler().Resample(picture.View, 0, 0, 8, 1, 4, 1, output);
        Assert.Equal((80 + 3 * 160 + 3 * 240 + 40) / 8f, output[3], 3);
    }

    [Fact]
    public void Outside_is_black()
    {
        using var picture = Pictures.Plain(10, 10, 200);
        var output = new float[30 * 30 * 3];
        new TriangleResampler().Resample(picture.View, -10, -10, 30, 30, 30, 30, output);
        Assert.Equal(0, output[(5 * 30 + 15) * 3]);
        Assert.Equal(200, output[(15 * 30 + 15) * 3], 3);
        Assert.Equal(0, output[(15 * 30 + 25) * 3]);
        new TriangleResampler().Resample(picture.View, 100, 100, 30, 30, 30, 30, output);
        Assert.All(output, value => Assert.Equal(0, value));
    }

    [Theory]
    [InlineData(640, 480, 100, 75)]
    [InlineData(101, 67, 256, 170)]
    [InlineData(1920, 3, 64, 64)]
    public void A_plain_picture_stays_plain(int width, int height, int targetWidth, int targetHeight)
    {
        using var picture = Pictures.Plain(width, height, 77);
        var output = new float[targetWidth * targetHeight * 3];
        new TriangleResampler().Resample(picture.View, 0, 0, width, height, targetWidth, targetHeight, output);
        Assert.All(output.Skip(targetWidth * 3 * (targetHeight / 2) + targetWidth / 2 * 3).Take(3), value => Assert.Equal(77, value, 2));
    }
}
