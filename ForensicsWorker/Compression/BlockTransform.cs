using System.Runtime.Intrinsics;
using Deepfake.ForensicsWorker.Images;

namespace Deepfake.ForensicsWorker.Compression;

/// <summary>The orthonormal discrete cosine transform of 8 × 8 blocks (ITU-T T.81, annex A.3.3).</summary>
public static class BlockTransform
{
    /// <summary>Numbers of a block.</summary>
    public const int Size = 64;

    /// <summary>Row-major place of the n-th coefficient in zigzag order (ITU-T T.81, figure 5).</summary>
    internal static readonly int[] Zigzag =
    [
        0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5, 12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
        35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51, 58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63,
    ];

    private static readonly float[] Basis = [.. Enumerable.Range(0, 64).Select(i => BasisAt(i / 8, i % 8))];
    private static readonly Vector256<float>[] Columns = [.. Enumerable.Range(0, 8).Select(n => Vector256.Create([.. Enumerable.Range(0, 8).Select(k => BasisAt(k, n))]))];

    /// <summary>Transforms one block.</summary>
    /// <param name="pixels">Picture, row-major.</param>
    /// <param name="stride">Its columns.</param>
    /// <param name="coefficients">64 coefficients, row-major: index 8 · vertical + horizontal frequency.</param>
    public static void Forward(ReadOnlySpan<float> pixels, int stride, Span<float> coefficients)
    {
        Span<Vector256<float>> rows = stackalloc Vector256<float>[8];
        for (var y = 0; y < 8; y++)
        {
            var line = pixels.Slice(y * stride, 8);
            var sum = Vector256<float>.Zero;
            for (var n = 0; n < 8; n++) sum += Columns[n] * line[n];
            rows[y] = sum;
        }

        for (var k = 0; k < 8; k++)
        {
            var sum = Vector256<float>.Zero;
            for (var n = 0; n < 8; n++) sum += rows[n] * Basis[8 * k + n];
            sum.CopyTo(coefficients[(8 * k)..]);
        }
    }

    /// <summary>Transforms one block back.</summary>
    /// <param name="coefficients">64 coefficients, row-major.</param>
    /// <param name="pixels">Picture to write to, row-major.</param>
    /// <param name="stride">Its columns.</param>
    public static void Inverse(ReadOnlySpan<float> coefficients, Span<float> pixels, int stride)
    {
        Span<float> columns = stackalloc float[64];
        for (var n = 0; n < 8; n++)
        {
            var sum = Vector256<float>.Zero;
            for (var k = 0; k < 8; k++) sum += Vector256.Create<float>(coefficients.Slice(8 * k, 8)) * Basis[8 * k + n];
            sum.CopyTo(columns[(8 * n)..]);
        }

        for (var y = 0; y < 8; y++)
        {
            for (var x = 0; x < 8; x++)
            {
                var sum = 0f;
                for (var k = 0; k < 8; k++) sum += columns[8 * y + k] * Basis[8 * k + x];
                pixels[y * stride + x] = sum;
            }
        }
    }

    /// <summary>Transforms every whole block of a grid that lies wholly in the picture and is wanted.</summary>
    /// <param name="plane">Picture.</param>
    /// <param name="left">Column where the grid's first block begins, 0–7.</param>
    /// <param name="top">Row where it begins, 0–7.</param>
    /// <param name="wanted">By the middle of a block; null for all.</param>
    /// <returns>64 coefficients a block, row-major each.</returns>
    public static float[] Grid(LumaPlane plane, int left, int top, Func<float, float, bool>? wanted = null)
    {
        int columns = Math.Max(0, (plane.Width - left) / 8), rows = Math.Max(0, (plane.Height - top) / 8), count = 0;
        var coefficients = new float[columns * rows * Size];
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                int x = left + 8 * column, y = top + 8 * row;
                if (wanted is not null && !wanted(x + 4, y + 4)) continue;
                Forward(plane.Pixels.AsSpan(y * plane.Width + x), plane.Width, coefficients.AsSpan(count++ * Size, Size));
            }
        }

        return count == columns * rows ? coefficients : coefficients[..(count * Size)];
    }

    private static float BasisAt(int frequency, int place) =>
        (float)((frequency == 0 ? Math.Sqrt(0.125) : 0.5) * Math.Cos(Math.PI * (2 * place + 1) * frequency / 16));
}
