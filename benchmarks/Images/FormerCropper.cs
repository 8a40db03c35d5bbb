using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.Intrinsics;
using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.Benchmarks.Images;

/// <summary>
/// How crops were cut before OpenCV did it, to be compared with. Shrinking is antialiased: whole-number factors by averaging blocks, the rest by four bilinear samples a pixel.
/// What lies outside the picture repeats its edge.
/// </summary>
internal static class FormerCropper
{
    /// <summary>Writes one crop, <see cref="FacePack.CropBytes"/> bytes of RGB.</summary>
    public static void Crop(RgbView picture, CropGeometry geometry, Span<byte> target)
    {
        var factor = (int)geometry.Scale;
        if (factor < 2)
        {
            Sample(picture, geometry, target);
            return;
        }

        // Only the part of the picture under the crop is shrunk: the bounding square of the turned crop and a rim for the filter.
        var reach = geometry.Side * (MathF.Abs(MathF.Cos(geometry.Angle)) + MathF.Abs(MathF.Sin(geometry.Angle))) / 2 + 2 * factor;
        int left = (int)Math.Clamp(geometry.CentreX - reach, 0, picture.Width - 1), top = (int)Math.Clamp(geometry.CentreY - reach, 0, picture.Height - 1);
        int right = (int)Math.Clamp(geometry.CentreX + reach, left + 1, picture.Width), bottom = (int)Math.Clamp(geometry.CentreY + reach, top + 1, picture.Height);
        int width = (right - left + factor - 1) / factor, height = (bottom - top + factor - 1) / factor;
        var rented = ArrayPool<byte>.Shared.Rent(width * height * 3);
        try
        {
            AverageBlocks(picture, left, top, right, bottom, factor, rented);
            var shrunk = new RgbView(rented, width, height);
            Sample(shrunk, new CropGeometry((geometry.CentreX - left) / factor, (geometry.CentreY - top) / factor, geometry.Side / factor, geometry.Angle), target);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static void AverageBlocks(RgbView picture, int left, int top, int right, int bottom, int factor, Span<byte> target)
    {
        var at = 0;
        for (var y = top; y < bottom; y += factor)
        {
            var rows = Math.Min(factor, bottom - y);
            for (var x = left; x < right; x += factor)
            {
                var columns = Math.Min(factor, right - x);
                int r = 0, g = 0, b = 0, count = rows * columns;
                for (var j = 0; j < rows; j++)
                {
                    var row = picture.Pixels.Slice(((y + j) * picture.Width + x) * 3, columns * 3);
                    for (var i = 0; i < row.Length; i += 3)
                    {
                        r += row[i];
                        g += row[i + 1];
                        b += row[i + 2];
                    }
                }

                target[at++] = (byte)((r + count / 2) / count);
                target[at++] = (byte)((g + count / 2) / count);
                target[at++] = (byte)((b + count / 2) / count);
            }
        }
    }

    private static void Sample(RgbView picture, CropGeometry geometry, Span<byte> target)
    {
        var (sin, cos) = MathF.SinCos(geometry.Angle);
        var scale = geometry.Scale;
        var taps = scale > 1 ? 2 : 1;
        float stepX = cos * scale, stepY = sin * scale;
        var weight = Vector128.Create(1f / (taps * taps));
        var half = Vector128.Create(0.5f);
        var isInside = IsInside(picture, geometry);
        var pixels = picture.Pixels;
        var stride = picture.Width * 3;
        for (var v = 0; v < FacePack.Side; v++)
        {
            var row = target.Slice(v * FacePack.Side * 3, FacePack.Side * 3);
            for (var u = 0; u < FacePack.Side; u++)
            {
                var sum = Vector128<float>.Zero;
                for (var j = 0; j < taps; j++)
                {
                    for (var i = 0; i < taps; i++)
                    {
                        var across = u + (i + 0.5f) / taps - FacePack.Side / 2f;
                        var down = v + (j + 0.5f) / taps - FacePack.Side / 2f;
                        var x = geometry.CentreX + across * stepX - down * stepY - 0.5f;
                        var y = geometry.CentreY + across * stepY + down * stepX - 0.5f;
                        sum += isInside ? Between(pixels, stride, x, y) : AtEdge(picture, x, y);
                    }
                }

                var rounded = Vector128.ConvertToInt32(sum * weight + half);
                row[3 * u] = (byte)rounded[0];
                row[3 * u + 1] = (byte)rounded[1];
                row[3 * u + 2] = (byte)rounded[2];
            }
        }
    }

    /// <summary>Whether the crop keeps clear of the picture's edges, so that every sample has four neighbours and a byte behind them.</summary>
    private static bool IsInside(RgbView picture, CropGeometry geometry)
    {
        var reach = geometry.Side * (MathF.Abs(MathF.Cos(geometry.Angle)) + MathF.Abs(MathF.Sin(geometry.Angle))) / 2 + 2;
        return geometry.CentreX - reach > 0 && geometry.CentreY - reach > 0 && geometry.CentreX + reach < picture.Width - 1 && geometry.CentreY + reach < picture.Height - 1;
    }

    /// <summary>Red, green, blue between four pixels; the fourth lane means nothing.</summary>
    private static Vector128<float> Between(ReadOnlySpan<byte> pixels, int stride, float x, float y)
    {
        int left = (int)x, top = (int)y;
        var upper = pixels.Slice(top * stride + left * 3, 7);
        var lower = pixels.Slice((top + 1) * stride + left * 3, 7);
        Vector128<float> fx = Vector128.Create(x - left), fy = Vector128.Create(y - top);
        var a = Channels(BinaryPrimitives.ReadUInt32LittleEndian(upper));
        var b = Channels(BinaryPrimitives.ReadUInt32LittleEndian(lower));
        a += fx * (Channels(BinaryPrimitives.ReadUInt32LittleEndian(upper[3..])) - a);
        b += fx * (Channels(BinaryPrimitives.ReadUInt32LittleEndian(lower[3..])) - b);
        return a + fy * (b - a);
    }

    /// <summary>The same where neighbours may be missing: the edge repeats itself.</summary>
    private static Vector128<float> AtEdge(RgbView picture, float x, float y)
    {
        x = Math.Clamp(x, 0, picture.Width - 1);
        y = Math.Clamp(y, 0, picture.Height - 1);
        int left = (int)x, top = (int)y;
        float fx = x - left, fy = y - top;
        var right = left + 1 < picture.Width ? 3 : 0;
        var below = top + 1 < picture.Height ? picture.Width * 3 : 0;
        var at = (top * picture.Width + left) * 3;
        var pixels = picture.Pixels;
        return Pixel(pixels, at) * ((1 - fx) * (1 - fy)) + Pixel(pixels, at + right) * (fx * (1 - fy))
            + Pixel(pixels, at + below) * ((1 - fx) * fy) + Pixel(pixels, at + right + below) * (fx * fy);
    }

    private static Vector128<float> Pixel(ReadOnlySpan<byte> pixels, int at) => Channels(pixels[at] | (uint)pixels[at + 1] << 8 | (uint)pixels[at + 2] << 16);

    private static Vector128<float> Channels(uint pixel) =>
        Vector128.ConvertToSingle(Vector128.WidenLower(Vector128.WidenLower(Vector128.CreateScalarUnsafe(pixel).AsByte())).AsInt32());
}
