using Deepfake.FrameService.Probing.Structure;

namespace Deepfake.FrameService.Decoding;

/// <summary>The canvas of an animated WebP (RFC 9649 §2.7.1.1): decoded frames are laid onto it one after the other. RGBA, not premultiplied.</summary>
/// <param name="width">Width in pixels.</param>
/// <param name="height">Height in pixels.</param>
internal sealed class WebpCanvas(int width, int height)
{
    private readonly byte[] _pixels = new byte[width * height * 4];
    private WebpFrame? _toClear;

    /// <summary>Lays a frame onto the canvas.</summary>
    /// <param name="frame">Where it goes and how.</param>
    /// <param name="pixels">RGBA rows, the frame in their upper left corner.</param>
    /// <param name="stride">Bytes of a row.</param>
    public void Draw(WebpFrame frame, ReadOnlySpan<byte> pixels, int stride)
    {
        if (_toClear is { } old)
        {
            for (var y = 0; y < old.Height; y++) Row(old, y).Clear();
        }

        for (var y = 0; y < frame.Height; y++)
        {
            var source = pixels.Slice(y * stride, frame.Width * 4);
            if (frame.Blend) Blend(source, Row(frame, y));
            else source.CopyTo(Row(frame, y));
        }

        _toClear = frame.Dispose ? frame : null;
    }

    /// <summary>Writes the canvas as RGB over black, as every medium with transparency is shown here.</summary>
    public void Flatten(Span<byte> rgb)
    {
        for (int from = 0, to = 0; from < _pixels.Length; from += 4, to += 3)
        {
            var alpha = _pixels[from + 3];
            for (var c = 0; c < 3; c++) rgb[to + c] = (byte)((_pixels[from + c] * alpha + 127) / 255);
        }
    }

    private Span<byte> Row(WebpFrame frame, int y) => _pixels.AsSpan(((frame.Y + y) * width + frame.X) * 4, frame.Width * 4);

    private static void Blend(ReadOnlySpan<byte> source, Span<byte> target)
    {
        for (var i = 0; i < source.Length; i += 4)
        {
            int above = source[i + 3], below = target[i + 3];
            if (above == 255 || below == 0)
            {
                source.Slice(i, 4).CopyTo(target[i..]);
                continue;
            }

            if (above == 0) continue;
            var rest = below * (255 - above) / 255;
            var alpha = above + rest;
            for (var c = 0; c < 3; c++) target[i + c] = (byte)((source[i + c] * above + target[i + c] * rest) / alpha);
            target[i + 3] = (byte)alpha;
        }
    }
}
