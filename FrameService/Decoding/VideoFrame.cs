using System.Buffers;
using Deepfake.FrameService.Faces;

namespace Deepfake.FrameService.Decoding;

/// <summary>One decoded frame in a rented buffer; dispose it to give the buffer back.</summary>
internal sealed class VideoFrame(int width, int height) : IDisposable
{
    // The shared pool drops buffers above a megabyte; frames are reused all the time, so they have their own.
    private static readonly ArrayPool<byte> Pool = ArrayPool<byte>.Create(128 * 1024 * 1024, 8);
    private byte[]? _buffer = Pool.Rent(width * height * 3);

    /// <summary>Width as decoded.</summary>
    public int Width { get; } = width;

    /// <summary>Height as decoded.</summary>
    public int Height { get; } = height;

    /// <summary>Media time in seconds.</summary>
    public double Seconds { get; set; }

    /// <summary>Width of the source frame after rotation.</summary>
    public int SourceWidth { get; set; } = width;

    /// <summary>Height of the source frame after rotation.</summary>
    public int SourceHeight { get; set; } = height;

    /// <summary>Source pixels per decoded pixel, ≥ 1.</summary>
    public float Scale => (float)SourceWidth / Width;

    /// <summary>The pixels, to be filled.</summary>
    public Memory<byte> Pixels => (_buffer ?? throw new ObjectDisposedException(nameof(VideoFrame))).AsMemory(0, Width * Height * 3);

    /// <summary>The pixels as a picture.</summary>
    public RgbView View => new(Pixels.Span, Width, Height);

    /// <inheritdoc/>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _buffer, null) is { } buffer) Pool.Return(buffer);
    }
}
