using System.Buffers.Binary;
using System.IO.Compression;
using System.IO.Hashing;

namespace Deepfake.ResultService.Pictures;

/// <summary>Writes 8-bit RGB pictures as PNG (ISO/IEC 15948): one IDAT, every row with the Sub filter.</summary>
public static class PngEncoder
{
    /// <summary>Encodes a picture.</summary>
    /// <param name="rgb">width · height · 3 bytes, row after row.</param>
    /// <param name="width">&gt; 0.</param>
    /// <param name="height">&gt; 0.</param>
    /// <exception cref="ArgumentException">The size does not fit.</exception>
    public static byte[] Encode(ReadOnlySpan<byte> rgb, int width, int height)
    {
        if (width <= 0 || height <= 0 || rgb.Length != (long)width * height * 3) throw new ArgumentException($"{rgb.Length} bytes are no {width} × {height} picture.", nameof(rgb));
        using var png = new MemoryStream(rgb.Length / 2);
        png.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0d, 0x0a, 0x1a, 0x0a]);
        Span<byte> header = stackalloc byte[13];
        BinaryPrimitives.WriteInt32BigEndian(header, width);
        BinaryPrimitives.WriteInt32BigEndian(header[4..], height);
        header[8] = 8; // bits a channel
        header[9] = 2; // RGB
        header[10..].Clear();
        WriteChunk(png, "IHDR"u8, header);
        using (var data = new MemoryStream(rgb.Length / 2))
        {
            using (var zlib = new ZLibStream(data, CompressionLevel.Fastest, leaveOpen: true)) WriteRows(zlib, rgb, width * 3);
            WriteChunk(png, "IDAT"u8, data.GetBuffer().AsSpan(0, (int)data.Length));
        }

        WriteChunk(png, "IEND"u8, []);
        return png.ToArray();
    }

    private static void WriteRows(Stream zlib, ReadOnlySpan<byte> rgb, int stride)
    {
        var row = new byte[1 + stride];
        row[0] = 1; // Sub: each byte less the same channel of the pixel to its left
        for (var start = 0; start < rgb.Length; start += stride)
        {
            var source = rgb.Slice(start, stride);
            source[..3].CopyTo(row.AsSpan(1));
            for (var x = 3; x < stride; x++) row[1 + x] = (byte)(source[x] - source[x - 3]);
            zlib.Write(row);
        }
    }

    private static void WriteChunk(Stream png, ReadOnlySpan<byte> type, ReadOnlySpan<byte> data)
    {
        Span<byte> word = stackalloc byte[4];
        BinaryPrimitives.WriteInt32BigEndian(word, data.Length);
        png.Write(word);
        png.Write(type);
        png.Write(data);
        var crc = new Crc32();
        crc.Append(type);
        crc.Append(data);
        BinaryPrimitives.WriteUInt32BigEndian(word, crc.GetCurrentHashAsUInt32());
        png.Write(word);
    }
}
