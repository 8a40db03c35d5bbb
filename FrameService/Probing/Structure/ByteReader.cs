using System.Buffers.Binary;

namespace Deepfake.FrameService.Probing.Structure;

/// <summary>Reads a file's headers. Reading beyond the end means that the file was cut off.</summary>
internal sealed class ByteReader(Stream stream)
{
    private readonly byte[] _scratch = new byte[16];

    /// <summary>Length of the file.</summary>
    public long Length { get; } = stream.Length;

    /// <summary>Where the next byte comes from.</summary>
    public long Position
    {
        get => stream.Position;
        set => stream.Position = value is >= 0 && value <= Length ? value : throw new TruncatedException();
    }

    /// <summary>Bytes left.</summary>
    public long Left => Length - stream.Position;

    /// <summary>Moves on.</summary>
    /// <exception cref="TruncatedException">Beyond the end.</exception>
    public void Skip(long count) => Position = checked(Position + count);

    public byte Byte() => Bytes(1)[0];

    public ushort UInt16(bool bigEndian) => bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(Bytes(2)) : BinaryPrimitives.ReadUInt16LittleEndian(Bytes(2));

    public uint UInt32(bool bigEndian) => bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(Bytes(4)) : BinaryPrimitives.ReadUInt32LittleEndian(Bytes(4));

    public ulong UInt64(bool bigEndian) => bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(Bytes(8)) : BinaryPrimitives.ReadUInt64LittleEndian(Bytes(8));

    public int UInt24LittleEndian()
    {
        var bytes = Bytes(3);
        return bytes[0] | bytes[1] << 8 | bytes[2] << 16;
    }

    /// <summary>Up to 16 bytes, valid until the next read.</summary>
    /// <exception cref="TruncatedException">The file ends before.</exception>
    public ReadOnlySpan<byte> Bytes(int count)
    {
        var bytes = _scratch.AsSpan(0, count);
        return stream.ReadAtLeast(bytes, count, throwOnEndOfStream: false) == count ? bytes : throw new TruncatedException();
    }

    /// <summary>Moves behind the next byte of a value; false at the end of the file.</summary>
    public bool SkipPast(byte value)
    {
        int next;
        while ((next = stream.ReadByte()) >= 0)
        {
            if (next == value) return true;
        }

        return false;
    }
}

/// <summary>The file ends before its content does.</summary>
internal sealed class TruncatedException : Exception;
