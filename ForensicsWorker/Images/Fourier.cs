using System.Numerics;

namespace Deepfake.ForensicsWorker.Images;

/// <summary>Discrete Fourier transform for powers of two (iterative radix 2, Cooley and Tukey).</summary>
public static class Fourier
{
    /// <summary>Transforms rows, then columns, in place; unscaled.</summary>
    /// <param name="data">side · side numbers, row-major.</param>
    /// <param name="side">A power of two.</param>
    public static void Forward2D(Complex[] data, int side)
    {
        var twiddles = Twiddles(side);
        for (var y = 0; y < side; y++) Forward(data.AsSpan(y * side, side), twiddles);
        Transpose(data, side);
        for (var x = 0; x < side; x++) Forward(data.AsSpan(x * side, side), twiddles);
        Transpose(data, side);
    }

    private static Complex[] Twiddles(int length) => [.. Enumerable.Range(0, length / 2).Select(i => Complex.FromPolarCoordinates(1, -2 * Math.PI * i / length))];

    private static void Forward(Span<Complex> data, ReadOnlySpan<Complex> twiddles)
    {
        var length = data.Length;
        for (int i = 1, j = 0; i < length; i++)
        {
            var bit = length >> 1;
            for (; (j & bit) != 0; bit >>= 1) j ^= bit;
            j ^= bit;
            if (i < j) (data[i], data[j]) = (data[j], data[i]);
        }

        for (var span = 2; span <= length; span <<= 1)
        {
            int half = span / 2, step = length / span;
            for (var start = 0; start < length; start += span)
            {
                for (var k = 0; k < half; k++)
                {
                    var odd = data[start + half + k] * twiddles[k * step];
                    var even = data[start + k];
                    data[start + k] = even + odd;
                    data[start + half + k] = even - odd;
                }
            }
        }
    }

    private static void Transpose(Complex[] data, int side)
    {
        for (var y = 0; y < side; y++)
            for (var x = y + 1; x < side; x++)
                (data[y * side + x], data[x * side + y]) = (data[x * side + y], data[y * side + x]);
    }
}
