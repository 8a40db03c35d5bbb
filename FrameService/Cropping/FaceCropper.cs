using System.Buffers;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Cropping;

/// <summary>
/// Cuts aligned crops. Shrinking is antialiased: whole-number factors by averaging blocks, the rest by four bilinear samples a pixel.
/// What lies outside the picture repeats its edge.
/// </summary>
public static class FaceCropper
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
        for (var v = 0; v < FacePack.Side; v++)
        {
            var row = target.Slice(v * FacePack.Side * 3, FacePack.Side * 3);
            for (var u = 0; u < FacePack.Side; u++)
            {
                float r = 0, g = 0, b = 0;
                for (var j = 0; j < taps; j++)
                {
                    for (var i = 0; i < taps; i++)
                    {
                        var across = u + (i + 0.5f) / taps - FacePack.Side / 2f;
                        var down = v + (j + 0.5f) / taps - FacePack.Side / 2f;
                        Bilinear(
                            picture, geometry.CentreX + across * stepX - down * stepY - 0.5f, geometry.CentreY + across * stepY + down * stepX - 0.5f,
                            ref r, ref g, ref b);
                    }
                }

                var weight = 1f / (taps * taps);
                row[3 * u] = (byte)(r * weight + 0.5f);
                row[3 * u + 1] = (byte)(g * weight + 0.5f);
                row[3 * u + 2] = (byte)(b * weight + 0.5f);
            }
        }
    }

    private static void Bilinear(RgbView picture, float x, float y, ref float r, ref float g, ref float b)
    {
        x = Math.Clamp(x, 0, picture.Width - 1);
        y = Math.Clamp(y, 0, picture.Height - 1);
        int left = (int)x, top = (int)y;
        float fx = x - left, fy = y - top;
        var right = left + 1 < picture.Width ? 3 : 0;
        var below = top + 1 < picture.Height ? picture.Width * 3 : 0;
        var at = (top * picture.Width + left) * 3;
        var pixels = picture.Pixels;
        float a = (1 - fx) * (1 - fy), c = fx * (1 - fy), d = (1 - fx) * fy, e = fx * fy;
        r += a * pixels[at] + c * pixels[at + right] + d * pixels[at + below] + e * pixels[at + right + below];
        g += a * pixels[at + 1] + c * pixels[at + right + 1] + d * pixels[at + below + 1] + e * pixels[at + right + below + 1];
        b += a * pixels[at + 2] + c * pixels[at + right + 2] + d * pixels[at + below + 2] + e * pixels[at + right + below + 2];
    }
}
