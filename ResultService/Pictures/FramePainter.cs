using Deepfake.Infrastructure.Packs;

namespace Deepfake.ResultService.Pictures;

/// <summary>
/// Puts a face and its heat map back where they were: the whole frame from its thumbnail, the face in the full detail of its crop, the map over it,
/// and a line around it.
/// </summary>
public static class FramePainter
{
    /// <summary>Longer side of the picture at most; twice a thumbnail's.</summary>
    public const int MaxSide = 2 * FramePack.ThumbnailSide;

    /// <summary>Half the side of what the line surrounds, in crop pixels: the face without its margin.</summary>
    private const float FaceReach = FacePack.Side / FacePack.Margin / 2;

    /// <summary>Samples along one side of a picture's pixel at most, where the crop is finer than the picture.</summary>
    private const int MaxTaps = 8;

    /// <summary>Paints a frame.</summary>
    /// <param name="thumbnail">RGB pixels of the frame, small.</param>
    /// <param name="width">Width of the source in pixels.</param>
    /// <param name="height">Height of the source in pixels.</param>
    /// <param name="placement">Where the crop lies in the source.</param>
    /// <param name="crop">RGB, <see cref="FacePack.CropBytes"/> bytes.</param>
    /// <param name="evidence">Of <see cref="HeatMapPainter.Evidence"/>; empty for none.</param>
    public static Picture Paint(Picture thumbnail, int width, int height, CropPlacement placement, ReadOnlySpan<byte> crop, ReadOnlySpan<float> evidence)
    {
        var shrink = Math.Max(1f, Math.Max(width, height) / (float)MaxSide);
        int across = Math.Max(1, (int)MathF.Round(width / shrink)), down = Math.Max(1, (int)MathF.Round(height / shrink));
        var painted = new Picture(Enlarge(thumbnail, across, down), across, down);

        var (left, top, right, bottom) = placement.Bounds();
        var perPixel = FacePack.Side / placement.Side * shrink;
        var taps = Math.Clamp((int)MathF.Ceiling(perPixel), 1, MaxTaps);
        var pasted = evidence.IsEmpty ? crop : HeatMapPainter.Overlay(crop, evidence);
        for (var y = First(top / shrink); y < Math.Min(down, bottom / shrink); y++)
        {
            for (var x = First(left / shrink); x < Math.Min(across, right / shrink); x++)
                Paste(painted.Rgb.AsSpan((y * across + x) * 3, 3), x, y, shrink, taps, perPixel, placement, pasted);
        }

        return painted;
    }

    private static void Paste(Span<byte> pixel, int x, int y, float shrink, int taps, float perPixel, CropPlacement placement, ReadOnlySpan<byte> crop)
    {
        Span<float> sum = stackalloc float[3];
        sum.Clear();
        for (var tap = 0; tap < taps * taps; tap++)
        {
            var (u, v) = placement.ToCrop((x + (tap % taps + 0.5f) / taps) * shrink, (y + (tap / taps + 0.5f) / taps) * shrink);
            if (u is < 0 or >= FacePack.Side || v is < 0 or >= FacePack.Side) return;
            Add(sum, crop, u, v);
        }

        for (var c = 0; c < 3; c++) pixel[c] = (byte)(sum[c] / (taps * taps) + 0.5f);
        var (midU, midV) = placement.ToCrop((x + 0.5f) * shrink, (y + 0.5f) * shrink);
        var fromLine = MathF.Abs(Math.Max(MathF.Abs(midU - FacePack.Side / 2f), MathF.Abs(midV - FacePack.Side / 2f)) - FaceReach) / perPixel;
        // White with a dark rim: to be seen on any picture.
        if (fromLine < 1) pixel.Fill(255);
        else if (fromLine < 2) pixel.Fill(40);
    }

    private static void Add(Span<float> sum, ReadOnlySpan<byte> crop, float u, float v)
    {
        float x = Math.Clamp(u - 0.5f, 0, FacePack.Side - 1), y = Math.Clamp(v - 0.5f, 0, FacePack.Side - 1);
        int left = (int)x, top = (int)y, right = Math.Min(left + 1, FacePack.Side - 1), bottom = Math.Min(top + 1, FacePack.Side - 1);
        for (var c = 0; c < 3; c++)
        {
            var upper = float.Lerp(crop[(top * FacePack.Side + left) * 3 + c], crop[(top * FacePack.Side + right) * 3 + c], x - left);
            var lower = float.Lerp(crop[(bottom * FacePack.Side + left) * 3 + c], crop[(bottom * FacePack.Side + right) * 3 + c], x - left);
            sum[c] += float.Lerp(upper, lower, y - top);
        }
    }

    private static byte[] Enlarge(Picture small, int width, int height)
    {
        var rgb = new byte[width * height * 3];
        for (var y = 0; y < height; y++)
        {
            var (top, bottom, down) = Between(y, height, small.Height);
            for (var x = 0; x < width; x++)
            {
                var (left, right, across) = Between(x, width, small.Width);
                for (var c = 0; c < 3; c++)
                {
                    var upper = float.Lerp(small.Rgb[(top * small.Width + left) * 3 + c], small.Rgb[(top * small.Width + right) * 3 + c], across);
                    var lower = float.Lerp(small.Rgb[(bottom * small.Width + left) * 3 + c], small.Rgb[(bottom * small.Width + right) * 3 + c], across);
                    rgb[(y * width + x) * 3 + c] = (byte)(float.Lerp(upper, lower, down) + 0.5f);
                }
            }
        }

        return rgb;
    }

    private static (int Low, int High, float Share) Between(int pixel, int pixels, int small)
    {
        var at = Math.Clamp((pixel + 0.5f) * small / pixels - 0.5f, 0, small - 1);
        var low = (int)at;
        return (low, Math.Min(low + 1, small - 1), at - low);
    }

    private static int First(float edge) => Math.Max(0, (int)MathF.Floor(edge));
}

/// <summary>An RGB picture.</summary>
/// <param name="Rgb">Width · height · 3 bytes, row after row.</param>
/// <param name="Width">&gt; 0.</param>
/// <param name="Height">&gt; 0.</param>
public readonly record struct Picture(byte[] Rgb, int Width, int Height);
