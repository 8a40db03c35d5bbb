using System.Buffers.Binary;

namespace Deepfake.FrameService.Export;

/// <summary>Size and orientation of a JPEG, from its markers.</summary>
/// <param name="Width">Width before rotation.</param>
/// <param name="Height">Height before rotation.</param>
/// <param name="Turned">Whether an EXIF block asks for a rotation or may do so.</param>
internal readonly record struct JpegHeader(int Width, int Height, bool Turned)
{
    /// <summary>Reads the markers up to the frame header; null when there is none.</summary>
    public static JpegHeader? Read(ReadOnlySpan<byte> file)
    {
        if (file.Length < 4 || file[0] != 0xFF || file[1] != 0xD8) return null;
        var turned = false;
        for (var at = 2; at + 4 <= file.Length;)
        {
            if (file[at] != 0xFF) return null;
            var marker = file[at + 1];
            if (marker is 0xFF)
            {
                at++;
                continue;
            }

            var length = BinaryPrimitives.ReadUInt16BigEndian(file[(at + 2)..]);
            if (marker is >= 0xC0 and <= 0xCF and not (0xC4 or 0xC8 or 0xCC))
            {
                if (at + 9 > file.Length) return null;
                return new JpegHeader(BinaryPrimitives.ReadUInt16BigEndian(file[(at + 7)..]), BinaryPrimitives.ReadUInt16BigEndian(file[(at + 5)..]), turned);
            }

            if (marker == 0xE1) turned = true;
            at += 2 + length;
        }

        return null;
    }
}
