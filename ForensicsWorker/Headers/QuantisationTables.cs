namespace Deepfake.ForensicsWorker.Headers;

/// <summary>How a quantisation table relates to the standard ones.</summary>
/// <param name="Quality">Quality 1–100 of the closest standard table.</param>
/// <param name="Distance">Mean difference to it, relative to its divisors; 0 for a standard table.</param>
public readonly record struct QualityEstimate(int Quality, double Distance)
{
    /// <summary>Whether the table is the standard one of its quality.</summary>
    public bool IsStandard => Distance == 0;
}

/// <summary>
/// The example tables of ITU-T T.81, annex K.1, scaled as the Independent JPEG Group's library does; most software writes these. Cameras
/// and some editors have tables of their own.
/// </summary>
public static class QuantisationTables
{
    // In zigzag order, as files hold them.
    private static readonly int[] Luma =
    [
        16, 11, 12, 14, 12, 10, 16, 14, 13, 14, 18, 17, 16, 19, 24, 40, 26, 24, 22, 22, 24, 49, 35, 37, 29, 40, 58, 51, 61, 60, 57, 51,
        56, 55, 64, 72, 92, 78, 64, 68, 87, 69, 55, 56, 80, 109, 81, 87, 95, 98, 103, 104, 103, 62, 77, 113, 121, 112, 100, 120, 92, 101, 103, 99,
    ];

    private static readonly int[] Chroma =
    [
        17, 18, 18, 24, 21, 24, 47, 26, 26, 47, 99, 66, 56, 66, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
        99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99, 99,
    ];

    /// <summary>A standard table in zigzag order.</summary>
    /// <param name="chroma">The one for colour.</param>
    /// <param name="quality">1–100.</param>
    public static int[] Standard(bool chroma, int quality)
    {
        var scale = quality < 50 ? 5000 / quality : 200 - 2 * quality;
        return Array.ConvertAll(chroma ? Chroma : Luma, divisor => Math.Clamp((divisor * scale + 50) / 100, 1, 255));
    }

    /// <summary>The closest standard table.</summary>
    /// <param name="table">64 divisors in zigzag order.</param>
    /// <param name="chroma">Compare with the ones for colour.</param>
    public static QualityEstimate Estimate(ReadOnlySpan<int> table, bool chroma)
    {
        var best = new QualityEstimate(0, double.MaxValue);
        for (var quality = 1; quality <= 100; quality++)
        {
            double distance = 0;
            var standard = Standard(chroma, quality);
            for (var i = 0; i < 64; i++) distance += Math.Abs(table[i] - standard[i]) / (double)standard[i];
            // Of equal tables the higher quality is named, as libraries do.
            if (distance / 64 <= best.Distance) best = new QualityEstimate(quality, distance / 64);
        }

        return best;
    }
}
