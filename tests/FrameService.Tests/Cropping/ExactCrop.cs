using Deepfake.FrameService.Cropping;
using Deepfake.FrameService.Faces;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.FrameService.Tests.Cropping;

/// <summary>What a crop is, number by number: blocks of whole-number factors are averaged, the rest is sampled between four pixels.</summary>
internal static class ExactCrop
{
    /// <summary>The crop as <see cref="FacePack.CropBytes"/> rounded numbers.</summary>
    public static int[] Of(RgbView picture, CropGeometry geometry)
    {
        var factor = Math.Max(1, (int)geometry.Scale);
        var reach = geometry.Side * (MathF.Abs(MathF.Cos(geometry.Angle)) + MathF.Abs(MathF.Sin(geometry.Angle))) / 2 + 2 * factor;
        int left = factor == 1 ? 0 : (int)Math.Clamp(geometry.CentreX - reach, 0, picture.Width - 1), top = factor == 1 ? 0 : (int)Math.Clamp(geometry.CentreY - reach, 0, picture.Height - 1);
        int width = (picture.Width - left + factor - 1) / factor, height = (picture.Height - top + factor - 1) / factor;
        var blocks = new int[width, height, 3];
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++)
                for (var c = 0; c < 3; c++) blocks[x, y, c] = Mean(picture, left + x * factor, top + y * factor, factor, c);

        var scale = geometry.Scale / factor;
        var taps = scale > 1 ? 2 : 1;
        var (sin, cos) = Math.SinCos(geometry.Angle);
        var crop = new int[FacePack.CropBytes];
        for (var i = 0; i < crop.Length; i++)
        {
            double sum = 0;
            for (var tap = 0; tap < taps * taps; tap++)
            {
                double across = (i / 3 % FacePack.Side + (tap % taps + 0.5) / taps - FacePack.Side / 2.0) * scale, down = (i / 3 / FacePack.Side + (tap / taps + 0.5) / taps - FacePack.Side / 2.0) * scale;
                sum += Between(
                    blocks,
                    Math.Clamp((geometry.CentreX - left) / factor + across * cos - down * sin - 0.5, 0, width - 1),
                    Math.Clamp((geometry.CentreY - top) / factor + across * sin + down * cos - 0.5, 0, height - 1),
                    i % 3);
            }

            crop[i] = (int)(sum / (taps * taps) + 0.5);
        }

        return crop;
    }

    private static int Mean(RgbView picture, int left, int top, int factor, int channel)
    {
        int sum = 0, count = 0;
        for (var y = top; y < Math.Min(top + factor, picture.Height); y++)
        {
            for (var x = left; x < Math.Min(left + factor, picture.Width); x++)
            {
                sum += picture.Row(y)[3 * x + channel];
                count++;
            }
        }

        return (sum + count / 2) / count;
    }

    private static double Between(int[,,] blocks, double x, double y, int channel)
    {
        int left = (int)x, top = (int)y, right = Math.Min(left + 1, blocks.GetLength(0) - 1), bottom = Math.Min(top + 1, blocks.GetLength(1) - 1);
        var upper = double.Lerp(blocks[left, top, channel], blocks[right, top, channel], x - left);
        return double.Lerp(upper, double.Lerp(blocks[left, bottom, channel], blocks[right, bottom, channel], x - left), y - top);
    }
}
