using System.Buffers.Binary;
using System.Text;

namespace Deepfake.ForensicsWorker.Headers;

/// <summary>Fields of an EXIF block that say where a picture comes from.</summary>
/// <param name="Make">Maker of the camera.</param>
/// <param name="Model">Model of the camera.</param>
/// <param name="Software">Program that wrote the file.</param>
/// <param name="Description">Title of the picture.</param>
/// <param name="Artist">Who made it.</param>
public sealed record ExifText(string? Make, string? Model, string? Software, string? Description, string? Artist)
{
    /// <summary>How the stored picture is turned, 1–8; 1 where nothing is said.</summary>
    public int Orientation { get; init; } = 1;

    /// <summary>When it was taken, <c>YYYY:MM:DD HH:MM:SS</c>.</summary>
    public string? Taken { get; init; }

    /// <summary>When it was last changed, in the same form.</summary>
    public string? Changed { get; init; }

    /// <summary>Width that the camera noted; 0 where it did not.</summary>
    public long Width { get; init; }

    /// <summary>Height that the camera noted; 0 where it did not.</summary>
    public long Height { get; init; }
}

/// <summary>
/// Reads fields of a TIFF structure's first directory and of the EXIF directory it points to (TIFF 6.0, EXIF 2.32). Bounded: at most
/// <see cref="MaxEntries"/> entries of each and <see cref="MaxText"/> bytes of each text, nothing outside the block, no offsets that are followed
/// further.
/// </summary>
public static class ExifReader
{
    /// <summary>Entries that are looked at.</summary>
    public const int MaxEntries = 256;

    /// <summary>Bytes of a text that are kept.</summary>
    public const int MaxText = 512;

    private const ushort Ascii = 2, Short = 3, Long = 4;
    private const ushort ExifDirectory = 0x8769;

    /// <summary>Reads a block that begins with its byte order (<c>II</c> or <c>MM</c>); null if it is none.</summary>
    public static ExifText? Read(ReadOnlySpan<byte> tiff)
    {
        if (tiff.Length < 8) return null;
        bool little;
        if (tiff[..4].SequenceEqual("II*\0"u8)) little = true;
        else if (tiff[..4].SequenceEqual("MM\0*"u8)) little = false;
        else return null;

        var directory = Int32(tiff[4..], little);
        if (directory > tiff.Length - 2) return null;
        var texts = new Dictionary<int, string>();
        var numbers = new Dictionary<int, uint>();
        ReadDirectory(tiff, directory, little, texts, numbers);
        if (numbers.GetValueOrDefault(ExifDirectory) is > 0 and var inner && inner <= tiff.Length - 2) ReadDirectory(tiff, inner, little, texts, numbers);
        return new ExifText(texts.GetValueOrDefault(0x010F), texts.GetValueOrDefault(0x0110), texts.GetValueOrDefault(0x0131), texts.GetValueOrDefault(0x010E), texts.GetValueOrDefault(0x013B))
        {
            Orientation = numbers.GetValueOrDefault(0x0112) is >= 1 and <= 8 and var turn ? (int)turn : 1,
            Taken = texts.GetValueOrDefault(0x9003),
            Changed = texts.GetValueOrDefault(0x0132),
            Width = numbers.GetValueOrDefault(0xA002),
            Height = numbers.GetValueOrDefault(0xA003),
        };
    }

    private static void ReadDirectory(ReadOnlySpan<byte> tiff, uint directory, bool little, Dictionary<int, string> texts, Dictionary<int, uint> numbers)
    {
        int entries = Math.Min((int)Int16(tiff[(int)directory..], little), MaxEntries);
        for (var i = 0; i < entries; i++)
        {
            var at = directory + 2 + 12L * i;
            if (at + 12 > tiff.Length) break;
            var entry = tiff.Slice((int)at, 12);
            var (tag, type, length) = (Int16(entry, little), Int16(entry[2..], little), Int32(entry[4..], little));
            if (type == Short) numbers.TryAdd(tag, Int16(entry[8..], little));
            else if (type == Long) numbers.TryAdd(tag, Int32(entry[8..], little));
            if (type != Ascii) continue;
            ReadOnlySpan<byte> text;
            if (length <= 4) text = entry.Slice(8, (int)length);
            else if (Int32(entry[8..], little) is var offset && offset < tiff.Length) text = tiff[(int)offset..][..(int)Math.Min(length, tiff.Length - offset)];
            else continue;
            texts[tag] = Clean(text);
        }
    }

    private static string Clean(ReadOnlySpan<byte> text)
    {
        var end = text.IndexOf((byte)0);
        if (end >= 0) text = text[..end];
        return Encoding.UTF8.GetString(text[..Math.Min(text.Length, MaxText)]).Trim();
    }

    private static ushort Int16(ReadOnlySpan<byte> bytes, bool little) => little ? BinaryPrimitives.ReadUInt16LittleEndian(bytes) : BinaryPrimitives.ReadUInt16BigEndian(bytes);

    private static uint Int32(ReadOnlySpan<byte> bytes, bool little) => little ? BinaryPrimitives.ReadUInt32LittleEndian(bytes) : BinaryPrimitives.ReadUInt32BigEndian(bytes);
}
