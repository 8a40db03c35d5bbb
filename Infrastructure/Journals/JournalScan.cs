using System.Globalization;
using System.Numerics;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Deepfake.Infrastructure.Journals;

/// <summary>Takes in one record of a journal, in the order of writing.</summary>
internal delegate void JournalHandler(ReadOnlySpan<byte> json, JournalLine line);

/// <summary>What a journal file holds: where its last good line ends, and the lines before that are not. Knows the form of a line.</summary>
/// <param name="End">End of the last line that fits its checksum.</param>
/// <param name="FirstDamage">First byte before the end that belongs to no such line.</param>
/// <param name="DamagedBytes">How many of those there are.</param>
internal readonly record struct JournalScan(long End, long? FirstDamage, long DamagedBytes)
{
    /// <summary>Eight hex digits of CRC-32C and a space.</summary>
    public const int ChecksumLength = 9;

    /// <summary>Reads a file from its start and hands over every line that fits its checksum.</summary>
    public static JournalScan Read(SafeFileHandle file, JournalHandler handle)
    {
        var buffer = new byte[1 << 16];
        int start = 0, filled = 0, searched = 0;
        var found = new JournalScan();
        long offset = 0;
        for (; ; )
        {
            var feed = buffer.AsSpan(searched, filled - searched).IndexOf((byte)'\n');
            if (feed >= 0)
            {
                var end = searched + feed;
                var text = buffer.AsSpan(start, end - start);
                var line = new JournalLine(offset, end + 1 - start);
                offset += line.Length;
                start = searched = end + 1;
                if (!IsWhole(text)) continue;
                handle(text[ChecksumLength..], line);
                found = found.With(line);
                continue;
            }

            searched = filled;
            if (start > 0)
            {
                buffer.AsSpan(start, filled - start).CopyTo(buffer);
                (filled, searched, start) = (filled - start, searched - start, 0);
            }

            if (filled == buffer.Length) Array.Resize(ref buffer, buffer.Length * 2);
            var read = RandomAccess.Read(file, buffer.AsSpan(filled), offset + filled);
            if (read == 0) return found;
            filled += read;
        }
    }

    /// <summary>Whether a line, even a bad one, ends behind a place and something follows it.</summary>
    public static bool HasLineAfter(SafeFileHandle file, long offset)
    {
        var buffer = new byte[1 << 16];
        var length = RandomAccess.GetLength(file);
        for (int read; (read = RandomAccess.Read(file, buffer, offset)) > 0; offset += read)
            if (buffer.AsSpan(0, read).IndexOf((byte)'\n') is >= 0 and var feed) return offset + feed + 1 < length;

        return false;
    }

    /// <summary>The line of a record.</summary>
    public static byte[] ToLine(ReadOnlySpan<byte> json)
    {
        var line = new byte[ChecksumLength + json.Length + 1];
        json.CopyTo(line.AsSpan(ChecksumLength));
        Encoding.ASCII.GetBytes($"{Checksum(json):x8} ", line);
        line[^1] = (byte)'\n';
        return line;
    }

    /// <summary>Whether a line without its line feed fits its checksum.</summary>
    public static bool IsWhole(ReadOnlySpan<byte> line) =>
        line.Length > ChecksumLength && line[ChecksumLength - 1] == ' '
        && uint.TryParse(line[..(ChecksumLength - 1)], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var sum)
        && sum == Checksum(line[ChecksumLength..]);

    private JournalScan With(JournalLine good) =>
        new(good.Offset + good.Length, good.Offset > End ? FirstDamage ?? End : FirstDamage, DamagedBytes + good.Offset - End);

    private static uint Checksum(ReadOnlySpan<byte> data)
    {
        var crc = uint.MaxValue;
        for (; data.Length >= 8; data = data[8..]) crc = BitOperations.Crc32C(crc, System.Buffers.Binary.BinaryPrimitives.ReadUInt64LittleEndian(data));
        foreach (var value in data) crc = BitOperations.Crc32C(crc, value);
        return ~crc;
    }
}
