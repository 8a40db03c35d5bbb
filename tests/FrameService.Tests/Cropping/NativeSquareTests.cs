using Deepfake.Contracts;
using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Faces;
using Deepfake.FrameService.Tests.Media;
using Xunit;

namespace Deepfake.FrameService.Tests.Cropping;

public sealed class NativeSquareTests
{
    [Theory]
    [InlineData(100, 80, 40, 500, 300, 44, 24, 112)] // a small face keeps room for a patch
    [InlineData(10, 10, 40, 500, 300, 0, 0, 112)]
    [InlineData(250, 150, 120, 500, 300, 138, 38, 224)] // 1.9 faces, down to a multiple of eight
    [InlineData(490, 290, 120, 500, 300, 276, 76, 224)]
    [InlineData(900, 900, 400, 2000, 1800, 644, 644, 512)] // the middle of a large face
    [InlineData(250, 150, 250, 500, 300, 102, 2, 296)]
    [InlineData(20, 30, 30, 50, 64, 0, 6, 48)] // a picture that is smaller than a patch
    [InlineData(3, 3, 16, 5, 5, 0, 0, 5)]
    public void It_lies_around_the_face_inside_the_picture(float x, float y, float size, int width, int height, int left, int top, int side) =>
        Assert.Equal(new NativeSquare(left, top, side), NativeSquare.Of(Face(x, y, size), width, height));

    [Fact]
    public void Its_pixels_and_points_are_those_of_the_picture()
    {
        using var picture = Pictures.Plain(200, 160, 0);
        new Random(1).NextBytes(picture.Pixels.Span);
        var square = NativeSquare.Of(Face(120, 90, 60), 200, 160);
        var pixels = new byte[square.Bytes];
        square.Copy(picture.View, pixels);

        for (var y = 0; y < square.Side; y++)
            for (var x = 0; x < square.Side * 3; x++)
                Assert.Equal(picture.Pixels.Span[((square.Top + y) * 200 + square.Left) * 3 + x], pixels[y * square.Side * 3 + x]);
        Assert.Equal([120f - square.Left, 90f - square.Top, -square.Left, -square.Top], square.Inside([120, 90, 0, 0]));
    }

    private static DetectedFace Face(float x, float y, float size) => new(new Box(x - size / 2, y - size / 3, size, size / 1.5f), new float[12], 0.9f, "test");
}
