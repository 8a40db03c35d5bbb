namespace Deepfake.FrameService.Probing.Structure;

/// <summary>JPEG (ITU-T T.81 annex B): segments up to the end-of-image marker.</summary>
internal static class JpegStructure
{
    public static StructureFacts Read(ByteReader file)
    {
        if (file.UInt16(bigEndian: true) != 0xFFD8) throw new InvalidDataException("it does not begin like a JPEG.");
        int width = 0, height = 0;
        while (true)
        {
            var marker = NextMarker(file);
            if (marker == 0xD9) break;
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8)) continue;
            var next = file.Position + file.UInt16(bigEndian: true);
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                file.Skip(1);
                (height, width) = (file.UInt16(bigEndian: true), file.UInt16(bigEndian: true));
            }

            file.Position = Math.Max(next, file.Position);
        }

        return width > 0 ? new StructureFacts { Width = width, Height = height } : throw new InvalidDataException("it has no picture.");
    }

    /// <summary>The next marker; entropy-coded data in between is passed over (there FF is followed by 0 or a restart marker).</summary>
    private static byte NextMarker(ByteReader file)
    {
        while (file.SkipPast(0xFF))
        {
            byte code;
            do code = file.Byte();
            while (code == 0xFF);
            if (code is not (0 or (>= 0xD0 and <= 0xD7))) return code;
        }

        throw new TruncatedException();
    }
}

/// <summary>PNG (ISO/IEC 15948): chunks up to <c>IEND</c>.</summary>
internal static class PngStructure
{
    public static StructureFacts Read(ByteReader file)
    {
        if (!file.Bytes(8).SequenceEqual(Signature)) throw new InvalidDataException("it does not begin like a PNG.");
        int width = 0, height = 0;
        while (true)
        {
            var length = file.UInt32(bigEndian: true);
            var type = file.UInt32(bigEndian: true);
            if (length > int.MaxValue) throw new InvalidDataException("a chunk is too long.");
            var next = file.Position + length + 4;
            if (type == 0x49484452)
            {
                if (length < 8) throw new InvalidDataException("its header is too short.");
                (width, height) = ((int)Math.Min(file.UInt32(bigEndian: true), int.MaxValue), (int)Math.Min(file.UInt32(bigEndian: true), int.MaxValue));
            }

            file.Position = next;
            if (type == 0x49454E44) break;
        }

        return width > 0 && height > 0 ? new StructureFacts { Width = width, Height = height } : throw new InvalidDataException("it has no header.");
    }

    private static ReadOnlySpan<byte> Signature => [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A];
}

/// <summary>Windows bitmap: size of the header and, uncompressed, of the pixels.</summary>
internal static class BmpStructure
{
    public static StructureFacts Read(ByteReader file)
    {
        if (!file.Bytes(2).SequenceEqual("BM"u8)) throw new InvalidDataException("it does not begin like a bitmap.");
        file.Skip(8);
        var pixels = file.UInt32(bigEndian: false);
        var headerSize = file.UInt32(bigEndian: false);
        if (headerSize < 40)
        {
            var (w, h) = (file.UInt16(bigEndian: false), file.UInt16(bigEndian: false));
            return new StructureFacts { Width = w, Height = h };
        }

        var width = (int)file.UInt32(bigEndian: false);
        var height = Math.Abs((long)(int)file.UInt32(bigEndian: false));
        file.Skip(2);
        var bits = file.UInt16(bigEndian: false);
        var compression = file.UInt32(bigEndian: false);
        var declared = file.UInt32(bigEndian: false);
        if (width <= 0 || height is 0 or > int.MaxValue) throw new InvalidDataException("it has no size.");
        var bytes = compression is 0 or 3 ? ((long)width * bits + 31) / 32 * 4 * height : declared;
        if (pixels + bytes > file.Length) throw new TruncatedException();
        return new StructureFacts { Width = width, Height = (int)height };
    }
}

/// <summary>TIFF 6.0: the strips or tiles of the first directory lie inside the file.</summary>
internal static class TiffStructure
{
    private const int MaxValues = 65_536;

    public static StructureFacts Read(ByteReader file)
    {
        var order = file.UInt16(bigEndian: true);
        if (order is not (0x4949 or 0x4D4D)) throw new InvalidDataException("it does not begin like a TIFF.");
        var big = order == 0x4D4D;
        if (file.UInt16(big) != 42) throw new InvalidDataException("it is no TIFF 6.0.");
        file.Position = file.UInt32(big);
        var entries = file.UInt16(big);
        long[] width = [], height = [], offsets = [], counts = [];
        var seen = new HashSet<ushort>();
        for (var i = 0; i < entries; i++)
        {
            var (tag, type, count) = (file.UInt16(big), file.UInt16(big), file.UInt32(big));
            var next = file.Position + 4;
            // Else a few megabytes name one long list thousands of times, and all of it is read.
            if (!seen.Add(tag)) throw new InvalidDataException("its directory says something twice.");
            RequireInside(file, type, count, big);
            if (tag == 256) width = Values(file, type, count, big);
            else if (tag == 257) height = Values(file, type, count, big);
            else if (tag is 273 or 324) offsets = Values(file, type, count, big);
            else if (tag is 279 or 325) counts = Values(file, type, count, big);
            file.Position = next;
        }

        file.Skip(4); // where the next directory is
        if (width is not [> 0 and <= int.MaxValue] || height is not [> 0 and <= int.MaxValue]) throw new InvalidDataException("it has no size.");
        for (var i = 0; i < offsets.Length; i++)
        {
            if (offsets[i] + (i < counts.Length ? counts[i] : 0) > file.Length) throw new TruncatedException();
        }

        return new StructureFacts { Width = (int)width[0], Height = (int)height[0] };
    }

    /// <summary>Values of more than four bytes lie elsewhere in the file.</summary>
    private static void RequireInside(ByteReader file, int type, uint count, bool big)
    {
        var bytes = count * (type switch { 3 or 8 => 2L, 4 or 9 or 11 or 13 => 4L, 5 or 10 or 12 => 8L, _ => 1L });
        if (bytes <= 4) return;
        var entry = file.Position;
        if (file.UInt32(big) + bytes > file.Length) throw new TruncatedException();
        file.Position = entry;
    }

    private static long[] Values(ByteReader file, int type, uint count, bool big)
    {
        var size = type switch { 3 => 2, 4 => 4, _ => 0 };
        if (size == 0 || count > MaxValues) return [];
        if (size * count > 4) file.Position = file.UInt32(big);
        var values = new long[count];
        for (var i = 0; i < values.Length; i++) values[i] = size == 2 ? file.UInt16(big) : file.UInt32(big);
        return values;
    }
}
