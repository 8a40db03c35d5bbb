namespace Deepfake.FrameService.Probing.Structure;

/// <summary>ISO base media and QuickTime: top-level boxes lie inside the file and one of them is <c>moov</c>.</summary>
internal static class IsoStructure
{
    public static StructureFacts Read(ByteReader file)
    {
        var hasMovie = false;
        while (file.Left >= 8)
        {
            var start = file.Position;
            long size = file.UInt32(bigEndian: true);
            var type = file.UInt32(bigEndian: true);
            if (size == 1)
            {
                var large = file.UInt64(bigEndian: true);
                size = large > long.MaxValue ? throw new TruncatedException() : (long)large;
            }
            else if (size == 0)
            {
                size = file.Length - start;
            }

            // Padding behind the last box is common and harmless.
            if (size < 8 || !IsName(type)) break;
            if (size > file.Length - start) throw new TruncatedException();
            hasMovie |= type == 0x6D6F6F76;
            file.Position = start + size;
        }

        return hasMovie ? StructureFacts.Whole : throw new TruncatedException();
    }

    private static bool IsName(uint type)
    {
        for (var shift = 0; shift < 32; shift += 8)
        {
            if ((type >> shift & 0xFF) is not (>= 0x20 and < 0x7F or 0xA9)) return false;
        }

        return true;
    }
}

/// <summary>AVI: its RIFF parts (several in OpenDML) lie inside the file.</summary>
internal static class AviStructure
{
    public static StructureFacts Read(ByteReader file)
    {
        var parts = 0;
        while (file.Left >= 12 && file.Bytes(4).SequenceEqual("RIFF"u8))
        {
            var size = (long)file.UInt32(bigEndian: false);
            if (size > file.Left) throw new TruncatedException();
            file.Skip(Math.Min(size + (size & 1), file.Left));
            parts++;
        }

        return parts > 0 ? StructureFacts.Whole : throw new InvalidDataException("it does not begin like an AVI.");
    }
}

/// <summary>Matroska and WebM (RFC 8794, RFC 9559): a segment of known size lies inside the file. Live recordings do not know theirs.</summary>
internal static class MatroskaStructure
{
    private const ulong Header = 0x1A45DFA3, Segment = 0x18538067;

    public static StructureFacts Read(ByteReader file)
    {
        if (Number(file, keepMarker: true) != Header) throw new InvalidDataException("it does not begin like a Matroska file.");
        file.Skip((long)(Number(file, keepMarker: false) ?? throw new InvalidDataException("its header has no size.")));
        while (true)
        {
            var id = Number(file, keepMarker: true);
            var size = Number(file, keepMarker: false);
            if (size is null) return id == Segment ? StructureFacts.Whole : throw new InvalidDataException("an element has no size.");
            if (size > (ulong)file.Left) throw new TruncatedException();
            if (id == Segment) return StructureFacts.Whole;
            file.Skip((long)size);
        }
    }

    /// <summary>A number of 1–8 bytes whose first set bit says how many; null when all value bits are set (unknown).</summary>
    private static ulong? Number(ByteReader file, bool keepMarker)
    {
        var first = file.Byte();
        if (first == 0) throw new InvalidDataException("an element has an invalid size.");
        var length = 1;
        for (var mask = 0x80; (first & mask) == 0; mask >>= 1) length++;
        var marker = 1UL << (8 * length - length);
        var value = (ulong)first;
        for (var i = 1; i < length; i++) value = value << 8 | file.Byte();
        if (keepMarker) return value;
        value -= marker;
        return value == marker - 1 ? null : value;
    }
}
