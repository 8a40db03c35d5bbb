using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Images;

/// <summary>Luma of a picture: row-major, 0–255.</summary>
/// <param name="Pixels">Height · width numbers.</param>
/// <param name="Width">Columns.</param>
/// <param name="Height">Rows.</param>
public sealed record LumaPlane(float[] Pixels, int Width, int Height)
{
    /// <summary>Reads an RGB tensor [h, w, 3]; luma as in JPEG (ITU-R BT.601).</summary>
    /// <exception cref="InvalidDataException">The tensor has another shape.</exception>
    public static LumaPlane Read(ByteTensor rgb) => rgb.Shape is [var height, var width, 3] && rgb.Data.Length == height * width * 3
        ? new LumaPlane(Convert(rgb.Data.Span), width, height)
        : throw new InvalidDataException($"Tensor '{rgb.Name}' is no RGB picture.");

    /// <summary>Luma of interleaved RGB pixels.</summary>
    public static float[] Convert(ReadOnlySpan<byte> rgb)
    {
        var luma = new float[rgb.Length / 3];
        for (int i = 0, at = 0; i < luma.Length; i++, at += 3)
            luma[i] = 0.299f * rgb[at] + 0.587f * rgb[at + 1] + 0.114f * rgb[at + 2];
        return luma;
    }

    /// <summary>A square part.</summary>
    public float[] Square(int x, int y, int side)
    {
        var part = new float[side * side];
        for (var row = 0; row < side; row++)
            Pixels.AsSpan((y + row) * Width + x, side).CopyTo(part.AsSpan(row * side));
        return part;
    }
}
