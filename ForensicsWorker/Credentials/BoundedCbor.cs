using System.Formats.Cbor;

namespace Deepfake.ForensicsWorker.Credentials;

/// <summary>
/// CBOR (RFC 8949) of strangers, read by <see cref="CborReader"/> within bounds. The reader checks lengths, UTF-8 and doubled keys; it has no
/// limits of its own on nesting and number of values.
/// </summary>
internal static class BoundedCbor
{
    /// <summary>Levels of nesting.</summary>
    public const int MaxDepth = 16;

    /// <summary>Values in one document, tags and ends of arrays and maps among them.</summary>
    public const int MaxValues = 20_000;

    /// <summary>A reader of one well-formed document; null for what is damaged, too deep, too large or followed by more.</summary>
    public static CborReader? Open(ReadOnlyMemory<byte> cbor)
    {
        try
        {
            // Everything is looked at once, so that what is skipped later is within the limits too.
            return HoldsTo(cbor) ? new CborReader(cbor, CborConformanceMode.Strict) : null;
        }
        catch (Exception e) when (e is CborContentException or InvalidOperationException)
        {
            // A reserved simple value (0xFC to 0xFE) is an InvalidOperationException to the reader.
            return null;
        }
    }

    /// <summary>Reads a map; the value under a text goes to <paramref name="entry"/>, which reads exactly this one value. Another type is skipped.</summary>
    public static void ReadMap(CborReader reader, Action<string, CborReader> entry)
    {
        if (!Is(reader, CborReaderState.StartMap)) return;
        reader.ReadStartMap();
        while (reader.PeekState() != CborReaderState.EndMap)
        {
            if (ReadText(reader) is { } key) entry(key, reader);
            else reader.SkipValue();
        }

        reader.ReadEndMap();
    }

    /// <summary>Reads an array; <paramref name="item"/> reads exactly one value of it. Another type is skipped.</summary>
    public static void ReadArray(CborReader reader, Action<CborReader> item)
    {
        if (!Is(reader, CborReaderState.StartArray)) return;
        reader.ReadStartArray();
        while (reader.PeekState() != CborReaderState.EndArray) item(reader);
        reader.ReadEndArray();
    }

    /// <summary>Reads a text; null for another type.</summary>
    public static string? ReadText(CborReader reader) =>
        Is(reader, CborReaderState.TextString, CborReaderState.StartIndefiniteLengthTextString) ? reader.ReadTextString() : null;

    /// <summary>Reads a byte string; null for another type.</summary>
    public static byte[]? ReadBytes(CborReader reader) =>
        Is(reader, CborReaderState.ByteString, CborReaderState.StartIndefiniteLengthByteString) ? reader.ReadByteString() : null;

    /// <summary>Reads a place or a length in a file; null for another type and for what no file reaches.</summary>
    public static long? ReadLength(CborReader reader) =>
        Is(reader, CborReaderState.UnsignedInteger) && reader.ReadUInt64() is <= long.MaxValue and var value ? (long)value : null;

    /// <summary>Whether the next value, its tags aside, is of a wanted type; it is skipped where not.</summary>
    private static bool Is(CborReader reader, CborReaderState wanted, CborReaderState orElse = CborReaderState.Undefined)
    {
        while (reader.PeekState() == CborReaderState.Tag) reader.ReadTag();
        var state = reader.PeekState();
        if (state == wanted || state == orElse) return true;
        reader.SkipValue();
        return false;
    }

    private static bool HoldsTo(ReadOnlyMemory<byte> cbor)
    {
        var reader = new CborReader(cbor, CborConformanceMode.Strict);
        for (var values = 0; values < MaxValues && reader.CurrentDepth <= MaxDepth; values++)
        {
            switch (reader.PeekState())
            {
                case CborReaderState.Finished:
                    return reader.BytesRemaining == 0; // the reader itself does not mind what follows
                case CborReaderState.StartArray:
                    reader.ReadStartArray();
                    break;
                case CborReaderState.EndArray:
                    reader.ReadEndArray();
                    break;
                case CborReaderState.StartMap:
                    reader.ReadStartMap();
                    break;
                case CborReaderState.EndMap:
                    reader.ReadEndMap();
                    break;
                case CborReaderState.Tag:
                    reader.ReadTag();
                    break;
                case CborReaderState.TextString or CborReaderState.StartIndefiniteLengthTextString:
                    reader.ReadTextString(); // to skip it does not look at its UTF-8
                    break;
                default:
                    reader.SkipValue();
                    break;
            }
        }

        return false;
    }
}
