using System.Buffers.Binary;
using System.Text;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Sniffing;

/// <summary>
/// Tells MP4 from QuickTime by the brands of the <c>ftyp</c> box (ISO/IEC 14496-12, section 4.3). QuickTime files older than that box
/// begin with one of a few others. Still pictures in the same container (HEIF, AVIF) are not films.
/// </summary>
internal static class IsoMedia
{
    /// <summary>Boxes looked at before giving up: padding in front of <c>ftyp</c> is rare, a chain of it is an attack on time.</summary>
    private const int MaxBoxes = 8;

    public static SniffResult Read(ReadOnlySpan<byte> head)
    {
        for (var i = 0; i < MaxBoxes && head.Length >= 8; i++)
        {
            var length = (ulong)BinaryPrimitives.ReadUInt32BigEndian(head);
            var type = head.Slice(4, 4);
            var headerLength = 8;
            if (length == 1)
            {
                if (head.Length < 16) return default;
                length = BinaryPrimitives.ReadUInt64BigEndian(head[8..]);
                headerLength = 16;
            }

            var toTheEnd = length == 0;
            if (!toTheEnd && length < (ulong)headerLength) return default;

            if (type.SequenceEqual("ftyp"u8)) return length is >= 16 and <= 4096 ? new SniffResult(FromBrands(Body(head, headerLength, length))) : default;
            if (LooksLikeText(head[..4])) return default;
            if (type.SequenceEqual("moov"u8)) return FromMovie(Body(head, headerLength, toTheEnd ? ulong.MaxValue : length));
            if (type.SequenceEqual("mdat"u8)) return new SniffResult(MediaFormat.Mov);

            var isPadding = type.SequenceEqual("wide"u8) || type.SequenceEqual("free"u8) || type.SequenceEqual("skip"u8) || type.SequenceEqual("pnot"u8);
            if (!isPadding || toTheEnd) return default;
            // Padding that reaches beyond what is seen, as some cameras write it, came with QuickTime only.
            if (length > (ulong)head.Length) return new SniffResult(i == 0 && length <= int.MaxValue ? MediaFormat.Mov : null);
            head = head[(int)length..];
        }

        return default;
    }

    /// <summary>A sentence whose second word is "free" is no film; a length of four letters would be above 500 MB anyway.</summary>
    private static bool LooksLikeText(ReadOnlySpan<byte> length) => !length.ContainsAnyExceptInRange((byte)' ', (byte)'~');

    private static ReadOnlySpan<byte> Body(ReadOnlySpan<byte> box, int headerLength, ulong length) =>
        box[headerLength..(int)Math.Min(length, (ulong)box.Length)];

    private static MediaFormat? FromBrands(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8) return null;
        var major = body[..4];
        if (major.SequenceEqual("qt  "u8)) return MediaFormat.Mov;
        if (IsFilm(major)) return MediaFormat.Mp4;
        if (IsPicture(major)) return null;
        for (var rest = body[8..]; rest.Length >= 4; rest = rest[4..])
            if (IsFilm(rest[..4])) return MediaFormat.Mp4;
        return null;
    }

    private static bool IsFilm(ReadOnlySpan<byte> brand) => Encoding.ASCII.GetString(brand) switch
    {
        "isom" or "avc1" or "hvc1" or "dash" or "mmp4" or "MSNV" or "XAVC" or "F4V " or "f4v " or "M4V " or "M4VH" or "M4VP" or "M4A " or "FACE" => true,
        ['i', 's', 'o', >= '2' and <= '9'] => true,
        ['m', 'p', '4', '1' or '2'] => true,
        ['3', 'g', 'p' or 'r' or 's' or 'e' or 'g' or '2', _] => true,
        ['N', 'D', _, _] => true,
        _ => false,
    };

    private static bool IsPicture(ReadOnlySpan<byte> brand) => Encoding.ASCII.GetString(brand) is
        "mif1" or "mif2" or "msf1" or "heic" or "heix" or "heim" or "heis" or "hevc" or "hevx" or "avif" or "avis" or "jxl " or "jp2 " or "crx ";

    /// <summary>
    /// A movie box before <c>ftyp</c> was known. One that starts with <c>rmra</c> is a QuickTime reference movie: a list of addresses.
    /// </summary>
    private static SniffResult FromMovie(ReadOnlySpan<byte> body)
    {
        if (body.Length < 8) return default;
        var child = Encoding.ASCII.GetString(body.Slice(4, 4));
        return child switch
        {
            "rmra" or "rmda" => new SniffResult(Format: null, IsPlaylist: true),
            "mvhd" or "cmov" or "udta" or "iods" or "trak" or "prfl" or "clip" => new SniffResult(MediaFormat.Mov),
            _ => default,
        };
    }
}
