using System.Buffers.Binary;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Sniffing;

/// <summary>
/// Decides what a file is from its first bytes alone: names and content types are claims of the sender. Knows the accepted formats
/// and playlists; everything else is nothing. Never throws, reads only what it is given.
/// </summary>
public static class MediaSniffer
{
    /// <summary>How many bytes of a file the sniffer wants to see: headers with metadata in front of the picture's size fit in.</summary>
    public const int HeadLength = 64 * 1024;

    private static ReadOnlySpan<byte> PngSignature => [0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A];

    /// <summary>What the file is.</summary>
    /// <param name="head">The first bytes of the file, up to <see cref="HeadLength"/>; fewer only if the file is shorter.</param>
    public static SniffResult Sniff(ReadOnlySpan<byte> head)
    {
        if (Image(head) is { } image) return new SniffResult(image, IsPlaylist: false, ImageDimensions.Read(image, head));
        if (head.StartsWith("RIFF"u8) && At(head, 8, "AVI "u8)) return new SniffResult(MediaFormat.Avi);
        if (MatroskaDocType.Read(head) is { } matroska) return new SniffResult(matroska);
        var iso = IsoMedia.Read(head);
        if (iso.Format is not null || iso.IsPlaylist) return iso;
        return new SniffResult(Format: null, PlaylistText.IsPlaylist(head));
    }

    private static MediaFormat? Image(ReadOnlySpan<byte> head)
    {
        if (head.StartsWith((ReadOnlySpan<byte>)[0xFF, 0xD8, 0xFF])) return MediaFormat.Jpeg;
        if (head.StartsWith(PngSignature) && At(head, 12, "IHDR"u8)) return MediaFormat.Png;
        if (head.StartsWith("GIF87a"u8) || head.StartsWith("GIF89a"u8)) return MediaFormat.Gif;
        if (head.StartsWith("RIFF"u8) && At(head, 8, "WEBPVP8"u8) && head.Length > 15 && head[15] is (byte)' ' or (byte)'L' or (byte)'X') return MediaFormat.Webp;
        if (head.StartsWith("II*\0"u8) && head.Length >= 8 && BinaryPrimitives.ReadUInt32LittleEndian(head[4..]) >= 8) return MediaFormat.Tiff;
        if (head.StartsWith("MM\0*"u8) && head.Length >= 8 && BinaryPrimitives.ReadUInt32BigEndian(head[4..]) >= 8) return MediaFormat.Tiff;
        return IsBitmap(head) ? MediaFormat.Bmp : null;
    }

    /// <summary>"BM" alone begins many a text: the header's length and the plane count have to fit as well.</summary>
    private static bool IsBitmap(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith("BM"u8) || head.Length < 30) return false;
        var header = BinaryPrimitives.ReadUInt32LittleEndian(head[14..]);
        if (header is not (12 or 40 or 52 or 56 or 64 or 108 or 124)) return false;
        return BinaryPrimitives.ReadUInt16LittleEndian(head[(header == 12 ? 22 : 26)..]) == 1;
    }

    private static bool At(ReadOnlySpan<byte> head, int offset, ReadOnlySpan<byte> value) =>
        head.Length >= offset + value.Length && head[offset..].StartsWith(value);
}

/// <summary>What the first bytes of a file say.</summary>
/// <param name="Format">An accepted format, or null.</param>
/// <param name="IsPlaylist">Whether it is a list of other files, which a decoder might open.</param>
/// <param name="Pixels">Width and height of a picture; null for films and where the head does not tell.</param>
public readonly record struct SniffResult(MediaFormat? Format, bool IsPlaylist = false, PixelSize? Pixels = null);

/// <summary>Size of a picture as its header claims it, before rotation.</summary>
/// <param name="Width">Pixels, ≥ 0.</param>
/// <param name="Height">Pixels, ≥ 0.</param>
public readonly record struct PixelSize(long Width, long Height)
{
    /// <summary>Pixels of one frame. Headers hold 32-bit sizes, so this fits a decimal where it might not fit a long.</summary>
    public decimal Count => (decimal)Width * Height;
}
