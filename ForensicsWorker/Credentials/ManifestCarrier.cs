using System.Buffers.Binary;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>Where a picture carries its manifest store, and the store's bytes.</summary>
/// <param name="Store">JUMBF.</param>
/// <param name="Start">First byte of the carrier in the file.</param>
/// <param name="End">First byte behind it.</param>
public sealed record ManifestCarrier(ReadOnlyMemory<byte> Store, long Start, long End)
{
    private const int MaxChunks = 1024;

    /// <summary>Finds it (C2PA 2.1, annex A): APP11 segments of JPEG, <c>caBX</c> of PNG, <c>C2PA</c> of WebP. Null without one.</summary>
    public static ManifestCarrier? Find(MediaFormat format, ReadOnlyMemory<byte> head) => format switch
    {
        MediaFormat.Jpeg => InJpeg(head),
        MediaFormat.Png => InChunks(head, 8, "caBX"u8, bigEndian: true),
        MediaFormat.Webp => InChunks(head, 12, "C2PA"u8, bigEndian: false),
        _ => null,
    };

    /// <summary>A box may be longer than a segment: further segments repeat its header behind their own (ISO/IEC 19566-5, annex D).</summary>
    private static ManifestCarrier? InJpeg(ReadOnlyMemory<byte> head)
    {
        const int own = 8, boxHeader = 8;
        if (JpegHeader.Parse(head.Span) is not { } header) return null;
        using var store = new MemoryStream();
        long start = 0, end = 0;
        var instance = 0;
        foreach (var segment in header.Segments)
        {
            var content = head.Span.Slice(segment.Offset, segment.Length);
            if (segment.Marker != 0xEB || content.Length < own + boxHeader || !content.StartsWith("JP"u8)) continue;
            var number = BinaryPrimitives.ReadUInt16BigEndian(content[2..]);
            if (store.Length == 0)
            {
                if (content.IndexOf("c2pa"u8) < 0) continue;
                (instance, start) = (number, segment.Offset - 4);
                store.Write(content[own..]);
            }
            else if (number == instance && segment.Offset - 4 == end)
            {
                store.Write(content[(own + boxHeader)..]);
            }
            else
            {
                continue;
            }

            end = segment.Offset + segment.Length;
        }

        return store.Length == 0 ? null : new ManifestCarrier(store.ToArray(), start, end);
    }

    private static ManifestCarrier? InChunks(ReadOnlyMemory<byte> head, int first, ReadOnlySpan<byte> wanted, bool bigEndian)
    {
        var file = head.Span;
        long at = first;
        for (var chunk = 0; chunk < MaxChunks && at + 8 <= file.Length; chunk++)
        {
            var header = file.Slice((int)at, 8);
            var type = bigEndian ? header[4..] : header[..4];
            var length = bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(header) : BinaryPrimitives.ReadUInt32LittleEndian(header[4..]);
            // PNG ends a chunk with a checksum, RIFF fills it up to an even length.
            var end = at + 8 + length + (bigEndian ? 4 : length & 1);
            if (type.SequenceEqual(wanted)) return at + 8 + length <= file.Length ? new ManifestCarrier(head.Slice((int)at + 8, (int)length), at, end) : null;
            at = end;
        }

        return null;
    }
}
