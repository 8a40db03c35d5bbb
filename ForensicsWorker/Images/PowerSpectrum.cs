using System.Numerics;

namespace Deepfake.ForensicsWorker.Images;

/// <summary>Power spectra of square pictures whose side is a power of two.</summary>
public static class PowerSpectrum
{
    /// <summary>
    /// Azimuthally averaged power spectrum (Durall, Keuper, Pfreundt, Keuper 2019, "Unmasking DeepFakes with simple features") in dB: for
    /// each radius from 1 to side / 2 cycles a picture, 10 · log10 of the mean power over the ring of that radius. The mean is taken out and a
    /// Hann window is laid over the picture, so that its edges do not leak into the high frequencies.
    /// </summary>
    /// <param name="luma">side · side numbers.</param>
    /// <param name="side">A power of two, ≥ 8.</param>
    /// <returns>side / 2 numbers; index 0 is radius 1.</returns>
    public static double[] Azimuthal(ReadOnlySpan<float> luma, int side)
    {
        if (side < 8 || !BitOperations.IsPow2(side) || luma.Length != side * side) throw new ArgumentException("The side must be a power of two and fit the picture.", nameof(side));
        var spectrum = Windowed(luma, side);
        Fourier.Forward2D(spectrum, side);

        var half = side / 2;
        double[] power = new double[half], count = new double[half];
        for (var y = 0; y < side; y++)
        {
            var fy = y < half ? y : y - side;
            for (var x = 0; x <= half; x++)
            {
                var radius = (int)Math.Round(Math.Sqrt(fy * fy + x * x));
                if (radius < 1 || radius > half) continue;
                // A real picture's spectrum is symmetric: columns between 0 and half stand for two.
                var weight = x == 0 || x == half ? 1 : 2;
                var value = spectrum[y * side + x];
                power[radius - 1] += weight * (value.Real * value.Real + value.Imaginary * value.Imaginary);
                count[radius - 1] += weight;
            }
        }

        for (var i = 0; i < half; i++) power[i] = 10 * Math.Log10(power[i] / count[i] / ((double)side * side) + 1e-6);
        return power;
    }

    private static Complex[] Windowed(ReadOnlySpan<float> luma, int side)
    {
        double mean = 0;
        foreach (var value in luma) mean += value;
        mean /= luma.Length;
        var window = new double[side];
        for (var i = 0; i < side; i++) window[i] = 0.5 - 0.5 * Math.Cos(2 * Math.PI * (i + 0.5) / side);
        var result = new Complex[luma.Length];
        for (var y = 0; y < side; y++)
            for (var x = 0; x < side; x++)
                result[y * side + x] = (luma[y * side + x] - mean) * window[y] * window[x];
        return result;
    }
}
