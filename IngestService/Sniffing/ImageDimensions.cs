using System.Buffers.Binary;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Sniffing;

/// <summary>
/// Reads width and height from the headers of pictures, so that a picture too large to decode is refused before it is stored. Bounded:
/// every loop moves forward in the given bytes. What a header hides is found by the decoder later.
/// </summary>
internal static class ImageDimensions
{
    /// <summary>The size, or null where the head does not tell.</summary>
    public static PixelSize? Read(MediaFormat format, ReadOnlySpan<byte> head) => format switch
    {
        MediaFormat.Jpeg => Jpeg(head),
        MediaFormat.Png when head.Length >= 24 => new(BinaryPrimitives.ReadUInt32BigEndian(head[16..]), BinaryPrimitives.ReadUInt32BigEndian(head[20..])),
        MediaFormat.Gif when head.Length >= 10 => new(BinaryPrimitives.ReadUInt16LittleEndian(head[6..]), BinaryPrimitives.ReadUInt16LittleEndian(head[8..])),
        MediaFormat.Bmp when head.Length >= 26 => Bitmap(head),
        MediaFormat.Webp => Webp(head),
        MediaFormat.Tiff => Tiff(head),
        _ => null,
    };

    /// <summary>Walks the segments to the frame header (ITU T.81, annex B). C4, C8 and CC lie in its range and mean something else.</summary>
    private static PixelSize? Jpeg(ReadOnlySpan<byte> head)
    {
        var at = 2;
        while (at + 4 <= head.Length)
        {
            if (head[at] != 0xFF) return null;
            var marker = head[at + 1];
            if (marker == 0xFF)
            {
                at++; // fill byte
                continue;
            }

            if (marker is 0x01 or (>= 0xD0 and <= 0xD7))
            {
                at += 2; // no length
                continue;
            }

            if (marker is 0xD9 or 0xDA) return null;
            var length = BinaryPrimitives.ReadUInt16BigEndian(head[(at + 2)..]);
            if (length < 2) return null;
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                return at + 9 <= head.Length
                    ? new PixelSize(BinaryPrimitives.ReadUInt16BigEndian(head[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(head[(at + 5)..]))
                    : null;
            }

            at += 2 + length;
        }

        return null;
    }

    /// <summary>The oldest header has 16-bit sizes; later ones 32-bit, where a negative height means top-down.</summary>
    private static PixelSize? Bitmap(ReadOnlySpan<byte> head) => BinaryPrimitives.ReadUInt32LittleEndian(head[14..]) == 12
        ? new(BinaryPrimitives.ReadUInt16LittleEndian(head[18..]), BinaryPrimitives.ReadUInt16LittleEndian(head[20..]))
        : new(Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(head[18..])), Math.Abs((long)BinaryPrimitives.ReadInt32LittleEndian(head[22..])));

    /// <summary>Lossy (RFC 6386, section 9.1), lossless (14 bits each after a signature byte) or extended (24 bits each), less one.</summary>
    private static PixelSize? Webp(ReadOnlySpan<byte> head)
    {
        if (head.Length < 30) return null;
        var body = head[20..];
        switch ((char)head[15])
        {
            case ' ' when body[3..].StartsWith((ReadOnlySpan<byte>)[0x9D, 0x01, 0x2A]):
                return new(BinaryPrimitives.ReadUInt16LittleEndian(body[6..]) & 0x3FFF, BinaryPrimitives.ReadUInt16LittleEndian(body[8..]) & 0x3FFF);
            case 'L' when body[0] == 0x2F:
                var bits = BinaryPrimitives.ReadUInt32LittleEndian(body[1..]);
                return new((bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
            case 'X':
                return new(ReadUInt24(body[4..]) + 1, ReadUInt24(body[7..]) + 1);
            default:
                return null;
        }
    }

    private static long ReadUInt24(ReadOnlySpan<byte> bytes) => bytes[0] | (bytes[1] << 8) | (bytes[2] << 16);

    /// <summary>Looks for ImageWidth and ImageLength in the first directory, if that lies within the head (TIFF 6.0, section 2).</summary>
    private static PixelSize? Tiff(ReadOnlySpan<byte> head)
    {
        var little = head[0] == (byte)'I';
        var directory = UInt32(head[4..], little);
        if (directory > (uint)head.Length - 2) return null;
        var entries = head[(int)directory..];
        var count = UInt16(entries, little);
        entries = entries[2..];
        long? width = null, height = null;
        for (var i = 0; i < count && entries.Length >= 12; i++, entries = entries[12..])
        {
            var tag = UInt16(entries, little);
            if (tag is not (256 or 257)) continue;
            long? value = UInt16(entries[2..], little) switch
            {
                3 => UInt16(entries[8..], little),
                4 => UInt32(entries[8..], little),
                _ => null,
            };
            if (tag == 256) width = value;
            else height = value;
        }

        return width is { } w && height is { } h ? new PixelSize(w, h) : null;
    }

    private static ushort UInt16(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint UInt32(ReadOnlySpan<byte> bytes, bool little) =>
        little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
