using System.Buffers.Text;

namespace Deepfake.FrameService.Decoding;

/// <summary>Reads binary PPM pictures (P6, 8 bit) one behind the other from a pipe.</summary>
/// <param name="stream">The pipe.</param>
/// <param name="maxPixels">Pixels of a picture at most.</param>
/// <param name="maxBytes">Bytes of all pictures at most.</param>
internal sealed class PpmReader(Stream stream, long maxPixels, long maxBytes)
{
    private readonly byte[] _header = new byte[64];
    private long _bytes;

    /// <summary>The next picture; null at the end of the pipe.</summary>
    /// <exception cref="InvalidDataException">No PPM, cut off, or above a limit.</exception>
    public async Task<VideoFrame?> ReadAsync(CancellationToken cancellationToken)
    {
        var length = 0;
        for (var breaks = 0; breaks < 3;)
        {
            if (length == _header.Length) throw new InvalidDataException("The decoder's output has no picture header.");
            if (await stream.ReadAsync(_header.AsMemory(length, 1), cancellationToken) == 0)
                return length == 0 ? null : throw new InvalidDataException("The decoder's output ends in a picture header.");
            if (_header[length++] == '\n') breaks++;
        }

        var (width, height) = Parse(_header.AsSpan(0, length));
        var size = (long)width * height * 3;
        if ((long)width * height > maxPixels || (_bytes += size) > maxBytes) throw new InvalidDataException("The decoder's output is larger than allowed.");
        var frame = new VideoFrame(width, height);
        try
        {
            await stream.ReadExactlyAsync(frame.Pixels, cancellationToken);
            return frame;
        }
        catch (EndOfStreamException e)
        {
            frame.Dispose();
            throw new InvalidDataException("The decoder's output ends in a picture.", e);
        }
        catch
        {
            frame.Dispose();
            throw;
        }
    }

    private static (int Width, int Height) Parse(ReadOnlySpan<byte> header)
    {
        if (header.StartsWith("P6\n"u8) && header.EndsWith("\n255\n"u8)
            && Utf8Parser.TryParse(header[3..], out int width, out var used) && header[3 + used] == ' '
            && Utf8Parser.TryParse(header[(4 + used)..], out int height, out _) && width > 0 && height > 0)
            return (width, height);
        throw new InvalidDataException("The decoder's output has an unknown picture header.");
    }
}
