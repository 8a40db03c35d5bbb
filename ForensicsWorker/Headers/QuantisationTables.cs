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

    private static readonly int[] Robidoux =
    [
        16, 16, 16, 16, 17, 16, 18, 20, 20, 18, 25, 27, 24, 27, 25, 37, 34, 31, 31, 34, 37, 56, 40, 43, 40, 43, 40, 56, 85, 53, 62, 53,
        53, 62, 53, 85, 75, 91, 74, 69, 74, 91, 75, 135, 106, 94, 94, 106, 135, 156, 131, 124, 131, 156, 189, 169, 169, 189, 238, 226, 238, 311, 311, 418,
    ];

    private static readonly int[] Mpeg =
    [
        8, 16, 16, 19, 16, 19, 22, 22, 22, 22, 22, 22, 26, 24, 26, 27, 27, 27, 26, 26, 26, 26, 27, 27, 27, 29, 29, 29, 34, 34, 34, 29,
        29, 29, 27, 27, 29, 29, 32, 32, 34, 34, 37, 38, 37, 35, 35, 34, 35, 38, 38, 40, 40, 40, 48, 48, 46, 46, 56, 56, 58, 69, 69, 83,
    ];

    /// <summary>A standard table in zigzag order.</summary>
    /// <param name="chroma">The one for colour.</param>
    /// <param name="quality">1–100.</param>
    public static int[] Standard(bool chroma, int quality) => Scaled(chroma ? Chroma : Luma, quality);

    /// <summary>One number of <see cref="Standard"/>.</summary>
    /// <param name="chroma">The one for colour.</param>
    /// <param name="quality">1–100.</param>
    /// <param name="place">0–63 in zigzag order.</param>
    public static int StandardDivisor(bool chroma, int quality, int place) => Scaled((chroma ? Chroma : Luma)[place], Percent(quality));

    /// <summary>
    /// Programs that are known to write tables like these, where they are not the standard ones: Nicolas Robidoux's table, default of mozjpeg
    /// and of what is built on it; the intra matrix of MPEG-1 (ISO/IEC 11172-2), which ffmpeg and motion JPEG write. Null for none of them.
    /// </summary>
    /// <param name="table">Luma table, zigzag order.</param>
    public static string? KnownSource(ReadOnlySpan<int> table)
    {
        for (var quality = 1; quality <= 100; quality++)
            if (table.SequenceEqual(Scaled(Robidoux, quality))) return FormattableString.Invariant($"mozjpeg at quality {quality}");
        // ffmpeg: matrix · scale / 8, the first number apart; half steps exist.
        for (var scale = 2; scale <= 62; scale++)
        {
            var same = true;
            for (var i = 1; i < 64 && same; i++) same = table[i] == Math.Clamp(Mpeg[i] * scale / 16, 1, 255);
            if (same) return "ffmpeg or a film";
        }

        return null;
    }

    private static int[] Scaled(int[] table, int quality)
    {
        var percent = Percent(quality);
        return Array.ConvertAll(table, divisor => Scaled(divisor, percent));
    }

    private static int Scaled(int divisor, int percent) => Math.Clamp((divisor * percent + 50) / 100, 1, 255);

    private static int Percent(int quality) => quality < 50 ? 5000 / quality : 200 - 2 * quality;

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
