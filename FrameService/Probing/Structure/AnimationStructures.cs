namespace Deepfake.FrameService.Probing.Structure;

/// <summary>GIF89a: blocks up to the trailer.</summary>
internal static class GifStructure
{
    public static StructureFacts Read(ByteReader file)
    {
        if (!file.Bytes(3).SequenceEqual("GIF"u8)) throw new InvalidDataException("it does not begin like a GIF.");
        file.Skip(3);
        var (width, height, flags) = (file.UInt16(bigEndian: false), file.UInt16(bigEndian: false), file.Byte());
        file.Skip(2 + TableBytes(flags));
        var pictures = 0;
        while (true)
        {
            switch (file.Byte())
            {
                case 0x3B:
                    return pictures > 0 ? new StructureFacts { Width = width, Height = height, Pictures = pictures } : throw new InvalidDataException("it has no picture.");
                case 0x21:
                    file.Skip(1);
                    SkipBlocks(file);
                    break;
                case 0x2C:
                    file.Skip(8);
                    file.Skip(TableBytes(file.Byte()) + 1);
                    SkipBlocks(file);
                    pictures++;
                    break;
                default:
                    throw new InvalidDataException("it has an unknown block.");
            }
        }
    }

    private static int TableBytes(byte flags) => (flags & 0x80) != 0 ? 3 << ((flags & 7) + 1) : 0;

    private static void SkipBlocks(ByteReader file)
    {
        byte length;
        while ((length = file.Byte()) != 0) file.Skip(length);
    }
}

/// <summary>WebP (RFC 9649): RIFF size, canvas, and the frames of an animation.</summary>
internal static class WebpStructure
{
    private const int MaxFrames = 100_000;
    private const byte AnimationFlag = 0x02;

    public static StructureFacts Read(ByteReader file)
    {
        if (!file.Bytes(4).SequenceEqual("RIFF"u8)) throw new InvalidDataException("it does not begin like a WebP.");
        var end = 8 + (long)file.UInt32(bigEndian: false);
        if (end > file.Length) throw new TruncatedException();
        if (!file.Bytes(4).SequenceEqual("WEBP"u8)) throw new InvalidDataException("it does not begin like a WebP.");
        if (end < 20) throw new InvalidDataException("it has no picture.");
        var kind = file.UInt32(bigEndian: true);
        var length = file.UInt32(bigEndian: false);
        return kind switch
        {
            0x56503820 => Lossy(file),
            0x5650384C => Lossless(file),
            0x56503858 => Extended(file, file.Position + length, end),
            _ => throw new InvalidDataException("its first chunk is unknown."),
        };
    }

    private static StructureFacts Lossy(ByteReader file)
    {
        file.Skip(6);
        return new StructureFacts { Width = file.UInt16(bigEndian: false) & 0x3FFF, Height = file.UInt16(bigEndian: false) & 0x3FFF, Pictures = 1 };
    }

    private static StructureFacts Lossless(ByteReader file)
    {
        file.Skip(1);
        var bits = file.UInt32(bigEndian: false);
        return new StructureFacts { Width = (int)(bits & 0x3FFF) + 1, Height = (int)(bits >> 14 & 0x3FFF) + 1, Pictures = 1 };
    }

    private static StructureFacts Extended(ByteReader file, long next, long end)
    {
        var flags = file.Byte();
        file.Skip(3);
        var facts = new StructureFacts { Width = file.UInt24LittleEndian() + 1, Height = file.UInt24LittleEndian() + 1, Pictures = 1 };
        if ((flags & AnimationFlag) == 0) return facts;
        var frames = new List<WebpFrame>();
        while (next + 8 <= end)
        {
            file.Position = next;
            var kind = file.UInt32(bigEndian: true);
            var length = (long)file.UInt32(bigEndian: false);
            next = file.Position + length + (length & 1);
            if (file.Position + length > end) throw new InvalidDataException("a chunk reaches beyond its file.");
            if (kind != 0x414E4D46) continue;
            if (length < 24 || frames.Count == MaxFrames) throw new InvalidDataException("its frames make no sense.");
            frames.Add(Frame(file, length, facts));
        }

        return frames.Count > 0 ? facts with { Pictures = frames.Count, WebpFrames = frames } : throw new InvalidDataException("it has no picture.");
    }

    private static WebpFrame Frame(ByteReader file, long length, StructureFacts canvas)
    {
        int x = 2 * file.UInt24LittleEndian(), y = 2 * file.UInt24LittleEndian();
        int width = file.UInt24LittleEndian() + 1, height = file.UInt24LittleEndian() + 1;
        var (milliseconds, flags) = (file.UInt24LittleEndian(), file.Byte());
        if (x + width > canvas.Width || y + height > canvas.Height) throw new InvalidDataException("a frame lies outside its canvas.");
        return new WebpFrame(file.Position, (int)length - 16, x, y, width, height, milliseconds, (flags & 2) == 0, (flags & 1) != 0);
    }
}
