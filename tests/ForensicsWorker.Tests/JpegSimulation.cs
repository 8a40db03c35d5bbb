using System.Buffers.Binary;
using Deepfake.ForensicsWorker.Compression;
using Deepfake.ForensicsWorker.Headers;

namespace Deepfake.ForensicsWorker.Tests;

/// <summary>What JPEG does to a grey picture, without its entropy code: the pixels a decoder would give, and a header that goes with them.</summary>
internal static class JpegSimulation
{
    /// <summary>Compresses and decodes; rows and columns beyond the last whole block stay as they are.</summary>
    public static float[] Compress(float[] luma, int width, int quality, int left = 0, int top = 0)
    {
        var table = QuantisationTables.Standard(chroma: false, quality);
        var result = (float[])luma.Clone();
        Span<float> coefficients = stackalloc float[64];
        for (var y = top; y + 8 <= luma.Length / width; y += 8)
        {
            for (var x = left; x + 8 <= width; x += 8)
            {
                BlockTransform.Forward(luma.AsSpan(y * width + x), width, coefficients);
                coefficients[0] -= 1024;
                for (var n = 0; n < 64; n++)
                {
                    var place = BlockTransform.Zigzag[n];
                    coefficients[place] = MathF.Round(coefficients[place] / table[n]) * table[n];
                }

                coefficients[0] += 1024;
                BlockTransform.Inverse(coefficients, result.AsSpan(y * width + x), width);
            }
        }

        for (var i = 0; i < result.Length; i++) result[i] = MathF.Round(Math.Clamp(result[i], 0, 255));
        return result;
    }

    /// <summary>Header of a grey JPEG up to its scan, with an EXIF orientation.</summary>
    public static byte[] Header(int width, int height, int quality, int orientation = 1)
    {
        var table = QuantisationTables.Standard(chroma: false, quality).Select(divisor => (byte)divisor);
        byte[] size = new byte[4];
        BinaryPrimitives.WriteUInt16BigEndian(size, (ushort)height);
        BinaryPrimitives.WriteUInt16BigEndian(size.AsSpan(2), (ushort)width);
        byte[] exif = [.. "Exif\0\0"u8, .. "II*\0"u8, 8, 0, 0, 0, 1, 0, 0x12, 1, 3, 0, 1, 0, 0, 0, (byte)orientation, 0, 0, 0, 0, 0, 0, 0];
        return
        [
            0xFF, 0xD8, 0xFF, 0xE1, 0, (byte)(exif.Length + 2), .. exif, 0xFF, 0xDB, 0, 67, 0, .. table,
            0xFF, 0xC0, 0, 11, 8, .. size, 1, 1, 0x11, 0, 0xFF, 0xDA, 0, 8, 1, 1, 0, 0, 63, 0,
        ];
    }
}
