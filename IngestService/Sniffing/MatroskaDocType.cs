using System.Numerics;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Sniffing;

/// <summary>Tells Matroska from WebM by the DocType of the EBML header (RFC 8794, section 11.2).</summary>
internal static class MatroskaDocType
{
    private const ulong DocTypeId = 0x4282;

    /// <summary>The format, or null where this is no EBML file or its document is another.</summary>
    public static MediaFormat? Read(ReadOnlySpan<byte> head)
    {
        if (!head.StartsWith((ReadOnlySpan<byte>)[0x1A, 0x45, 0xDF, 0xA3])) return null;
        var rest = head[4..];
        if (!TryReadNumber(ref rest, keepMarker: false, out var headerLength)) return null;
        rest = rest[..(int)Math.Min(headerLength, (ulong)rest.Length)];
        while (TryReadNumber(ref rest, keepMarker: true, out var id) && TryReadNumber(ref rest, keepMarker: false, out var length) && length <= (ulong)rest.Length)
        {
            var value = rest[..(int)length];
            rest = rest[(int)length..];
            if (id != DocTypeId) continue;
            value = value.TrimEnd((byte)0);
            return value.SequenceEqual("matroska"u8) ? MediaFormat.Mkv : value.SequenceEqual("webm"u8) ? MediaFormat.Webm : null;
        }

        return null;
    }

    /// <summary>A variable-length number: the count of leading zero bits says how many bytes follow. Ids keep their marker bit.</summary>
    private static bool TryReadNumber(ref ReadOnlySpan<byte> bytes, bool keepMarker, out ulong value)
    {
        value = 0;
        if (bytes.IsEmpty || bytes[0] == 0) return false;
        var length = BitOperations.LeadingZeroCount((uint)bytes[0]) - 24 + 1;
        if (bytes.Length < length) return false;
        value = keepMarker ? bytes[0] : (ulong)bytes[0] & (0xFFUL >> length);
        for (var i = 1; i < length; i++) value = (value << 8) | bytes[i];
        bytes = bytes[length..];
        return true;
    }
}
