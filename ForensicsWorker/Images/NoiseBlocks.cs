using System.Numerics.Tensors;

namespace Deepfake.ForensicsWorker.Images;

/// <summary>What a block says of its noise, and of what hides noise.</summary>
/// <param name="X">Middle, in pixels.</param>
/// <param name="Y">Middle, in pixels.</param>
/// <param name="Noise">log2 of the robust deviation of the high-passed block, in grey levels, on top of <see cref="NoiseBlocks.Rounding"/>.</param>
/// <param name="Structure">log2 of the deviation of its 4 × 4 means, which noise hardly moves, plus one.</param>
/// <param name="Brightness">Mean luma.</param>
public readonly record struct NoiseBlock(float X, float Y, double Noise, double Structure, double Brightness);

/// <summary>
/// Noise of blocks of 16 pixels: the picture high-passed by a second-order kernel of the spatial rich model (Fridrich and Kodovský 2012).
/// </summary>
public static class NoiseBlocks
{
    /// <summary>Side of a block.</summary>
    public const int Side = 16;

    /// <summary>Grey levels below which noise is rounding; keeps the logarithm of flat blocks finite and equal.</summary>
    public const double Rounding = 0.3;

    private const float Dark = 16, Bright = 240, TooRough = 60;

    /// <summary>Every block that is neither clipped nor crossed by an edge.</summary>
    public static List<NoiseBlock> Measure(LumaPlane plane)
    {
        var blocks = new List<NoiseBlock>();
        Span<float> means = stackalloc float[16];
        Span<float> residual = stackalloc float[Side * Side];
        for (var y = 1; y + Side < plane.Height; y += Side)
        {
            for (var x = 1; x + Side < plane.Width; x += Side)
            {
                Means(plane, x, y, means);
                float low = TensorPrimitives.Min<float>(means), high = TensorPrimitives.Max<float>(means);
                if (low < Dark || high > Bright || high - low > TooRough) continue;
                HighPass(plane, x, y, residual);
                var deviation = RobustStatistics.NormalScale * RobustStatistics.Select(residual, residual.Length / 2);
                blocks.Add(new NoiseBlock(
                    x + Side / 2f, y + Side / 2f, Math.Log2(deviation + Rounding), Math.Log2(TensorPrimitives.StdDev<float>(means) + 1), TensorPrimitives.Average<float>(means)));
            }
        }

        return blocks;
    }

    private static void Means(LumaPlane plane, int x, int y, Span<float> means)
    {
        for (var part = 0; part < 16; part++)
        {
            float sum = 0;
            for (var row = 0; row < 4; row++) sum += TensorPrimitives.Sum<float>(plane.Pixels.AsSpan((y + part / 4 * 4 + row) * plane.Width + x + part % 4 * 4, 4));
            means[part] = sum / 16;
        }
    }

    /// <summary>
    /// Magnitudes after the 3 × 3 kernel (−1 2 −1; 2 −4 2; −1 2 −1) / 4, which is zero on constant and linear ramps along either axis: its
    /// median needs no taking out.
    /// </summary>
    private static void HighPass(LumaPlane plane, int x, int y, Span<float> residual)
    {
        var w = plane.Width;
        for (var row = 0; row < Side; row++)
        {
            var at = (y + row) * w + x - 1;
            ReadOnlySpan<float> above = plane.Pixels.AsSpan(at - w, Side + 2), here = plane.Pixels.AsSpan(at, Side + 2), below = plane.Pixels.AsSpan(at + w, Side + 2);
            var line = residual.Slice(row * Side, Side);
            for (var i = 0; i < line.Length; i++)
            {
                var sides = here[i] + here[i + 2] + above[i + 1] + below[i + 1];
                var corners = above[i] + above[i + 2] + below[i] + below[i + 2];
                line[i] = Math.Abs(2 * sides - corners - 4 * here[i + 1]) / 4;
            }
        }
    }
}
