namespace Deepfake.FrameService.Faces;

/// <summary>A picture as interleaved 8-bit RGB, row after row without padding.</summary>
public readonly ref struct RgbView
{
    /// <summary>Looks at pixels that someone else owns.</summary>
    /// <exception cref="ArgumentException">Fewer than width × height × 3 bytes, or an empty picture.</exception>
    public RgbView(ReadOnlySpan<byte> pixels, int width, int height)
    {
        if (width <= 0 || height <= 0 || pixels.Length < (long)width * height * 3)
            throw new ArgumentException($"{pixels.Length} bytes are no {width} × {height} picture.", nameof(pixels));
        Pixels = pixels[..(width * height * 3)];
        Width = width;
        Height = height;
    }

    /// <summary>width × height × 3 bytes.</summary>
    public ReadOnlySpan<byte> Pixels { get; }

    /// <summary>Width in pixels, ≥ 1.</summary>
    public int Width { get; }

    /// <summary>Height in pixels, ≥ 1.</summary>
    public int Height { get; }

    /// <summary>One row, width × 3 bytes.</summary>
    public ReadOnlySpan<byte> Row(int y) => Pixels.Slice(y * Width * 3, Width * 3);
}
