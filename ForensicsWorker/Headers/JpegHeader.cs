using System.Buffers.Binary;

namespace Deepfake.ForensicsWorker.Headers;

/// <summary>A component of a JPEG's frame.</summary>
/// <param name="Horizontal">Horizontal sampling factor, 1–4.</param>
/// <param name="Vertical">Vertical sampling factor, 1–4.</param>
/// <param name="Table">Number of its quantisation table, 0–3.</param>
public readonly record struct JpegComponent(int Horizontal, int Vertical, int Table);

/// <summary>An application or comment segment.</summary>
/// <param name="Marker">0xE0–0xEF for APP0–APP15, 0xFE for a comment.</param>
/// <param name="Offset">Where its content begins in the file.</param>
/// <param name="Length">Bytes of its content.</param>
public readonly record struct JpegSegment(byte Marker, int Offset, int Length);

/// <summary>
/// What a JPEG says before its first scan (ITU-T T.81, annex B). Reads at most <see cref="MaxSegments"/> segments, never past the bytes it
/// was given, and decodes nothing.
/// </summary>
public sealed class JpegHeader
{
    /// <summary>Segments that are read at most; honest files have some tens.</summary>
    public const int MaxSegments = 512;

    private readonly int[]?[] _tables = new int[4][];
    private readonly List<JpegSegment> _segments = [];

    private JpegHeader()
    {
    }

    /// <summary>Width in pixels; 0 without a frame header.</summary>
    public int Width { get; private set; }

    /// <summary>Height in pixels; 0 without a frame header.</summary>
    public int Height { get; private set; }

    /// <summary>Whether the frame is progressive.</summary>
    public bool Progressive { get; private set; }

    /// <summary>Components of the frame: one for grey, three for colour.</summary>
    public IReadOnlyList<JpegComponent> Components { get; private set; } = [];

    /// <summary>Application and comment segments in order.</summary>
    public IReadOnlyList<JpegSegment> Segments => _segments;

    /// <summary>How many quantisation tables the header defines.</summary>
    public int TableCount => _tables.Count(table => table is not null);

    /// <summary>A quantisation table: 64 divisors in zigzag order; null if it is not defined before the first scan.</summary>
    public int[]? Table(int number) => number is >= 0 and < 4 ? _tables[number] : null;

    /// <summary>Reads a header; null if the bytes are no JPEG or end in the middle of a segment that matters.</summary>
    /// <param name="file">The file, or its first bytes.</param>
    public static JpegHeader? Parse(ReadOnlySpan<byte> file)
    {
        if (file.Length < 4 || file[0] != 0xFF || file[1] != 0xD8) return null;
        var header = new JpegHeader();
        var at = 2;
        for (var segment = 0; segment < MaxSegments; segment++)
        {
            while (at + 1 < file.Length && file[at] == 0xFF && file[at + 1] == 0xFF) at++; // fill bytes
            if (at + 4 > file.Length || file[at] != 0xFF) return null;
            var marker = file[at + 1];
            if (marker is 0xDA or 0xD9) return header; // the scan, or the end
            if (marker is 0x01 or (>= 0xD0 and <= 0xD8))
            {
                at += 2; // markers without content
                continue;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]) - 2;
            at += 4;
            if (length < 0 || length > file.Length - at) return null;
            if (!header.Read(marker, file.Slice(at, length), at)) return null;
            at += length;
        }

        return null;
    }

    private bool Read(byte marker, ReadOnlySpan<byte> content, int offset)
    {
        switch (marker)
        {
            case 0xDB:
                return ReadTables(content);
            case 0xC0 or 0xC1 or 0xC2:
                return ReadFrame(content, marker == 0xC2);
            case (>= 0xE0 and <= 0xEF) or 0xFE:
                _segments.Add(new JpegSegment(marker, offset, content.Length));
                return true;
            default:
                return true;
        }
    }

    private bool ReadTables(ReadOnlySpan<byte> content)
    {
        while (!content.IsEmpty)
        {
            int precision = content[0] >> 4, number = content[0] & 15, size = 1 + 64 * (precision + 1);
            if (precision > 1 || number > 3 || content.Length < size) return false;
            var table = new int[64];
            for (var i = 0; i < 64; i++)
                table[i] = precision == 0 ? content[1 + i] : BinaryPrimitives.ReadUInt16BigEndian(content[(1 + 2 * i)..]);
            _tables[number] = table;
            content = content[size..];
        }

        return true;
    }

    private bool ReadFrame(ReadOnlySpan<byte> content, bool progressive)
    {
        if (content.Length < 6) return false;
        var count = content[5];
        if (count is 0 or > 4 || content.Length < 6 + 3 * count) return false;
        var components = new JpegComponent[count];
        for (var i = 0; i < count; i++)
        {
            var sampling = content[7 + 3 * i];
            components[i] = new JpegComponent(sampling >> 4, sampling & 15, content[8 + 3 * i]);
            if (components[i] is { Horizontal: < 1 or > 4 } or { Vertical: < 1 or > 4 } or { Table: > 3 }) return false;
        }

        Height = BinaryPrimitives.ReadUInt16BigEndian(content[1..]);
        Width = BinaryPrimitives.ReadUInt16BigEndian(content[3..]);
        Progressive = progressive;
        Components = components;
        return true;
    }
}
