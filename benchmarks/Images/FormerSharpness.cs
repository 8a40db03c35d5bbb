using Deepfake.Infrastructure.Packs;

namespace Deepfake.Benchmarks.Images;

/// <summary>How the sharpness of a crop was measured before OpenCV did it, to be compared with.</summary>
internal static class FormerSharpness
{
    private const int Side = 128;

    /// <summary>Variance of the Laplacian of the face's luma at 128 × 128.</summary>
    public static float Of(ReadOnlySpan<byte> crop)
    {
        Span<float> luma = stackalloc float[Side * Side];
        FaceLuma(crop, luma);
        return LaplacianVariance(luma);
    }

    /// <summary>Luma (BT.601) of the face itself, the crop's middle 1/margin, at 128 × 128.</summary>
    private static void FaceLuma(ReadOnlySpan<byte> crop, Span<float> luma)
    {
        const float Step = FacePack.Side / FacePack.Margin / Side, First = (FacePack.Side - FacePack.Side / FacePack.Margin) / 2 + 0.5f * Step - 0.5f;
        Span<float> upper = stackalloc float[FacePack.Side], lower = stackalloc float[FacePack.Side];
        var ready = -1;
        for (var y = 0; y < Side; y++)
        {
            var sourceY = First + y * Step;
            var top = (int)sourceY;
            var fy = sourceY - top;
            if (ready != top)
            {
                RowLuma(crop, top, upper);
                RowLuma(crop, top + 1, lower);
                ready = top;
            }

            for (var x = 0; x < Side; x++)
            {
                var sourceX = First + x * Step;
                var left = (int)sourceX;
                var fx = sourceX - left;
                luma[y * Side + x] = (1 - fy) * ((1 - fx) * upper[left] + fx * upper[left + 1]) + fy * ((1 - fx) * lower[left] + fx * lower[left + 1]);
            }
        }
    }

    private static void RowLuma(ReadOnlySpan<byte> crop, int y, Span<float> luma)
    {
        var row = crop.Slice(y * FacePack.Side * 3, FacePack.Side * 3);
        for (var x = 0; x < luma.Length; x++) luma[x] = 0.299f * row[3 * x] + 0.587f * row[3 * x + 1] + 0.114f * row[3 * x + 2];
    }

    private static float LaplacianVariance(ReadOnlySpan<float> luma)
    {
        double sum = 0, squares = 0;
        for (var y = 1; y < Side - 1; y++)
        {
            for (var x = 1; x < Side - 1; x++)
            {
                var i = y * Side + x;
                var value = luma[i - 1] + luma[i + 1] + luma[i - Side] + luma[i + Side] - 4 * luma[i];
                sum += value;
                squares += value * value;
            }
        }

        const int Count = (Side - 2) * (Side - 2);
        var mean = sum / Count;
        return (float)(squares / Count - mean * mean);
    }
}
