namespace Deepfake.ResultService.Fusion;

/// <summary>Robust means of logits. All are monotone: raising one input never lowers the result.</summary>
public static class TrackPooling
{
    /// <summary>Pools the logits of one track's crops.</summary>
    /// <param name="logits">One a crop, at least one.</param>
    /// <param name="weights">Same length, &gt; 0.</param>
    /// <param name="settings">Method and trim.</param>
    public static double OverCrops(ReadOnlySpan<double> logits, ReadOnlySpan<double> weights, PoolingSettings settings)
    {
        var sorted = new (double Logit, double Weight)[logits.Length];
        for (var i = 0; i < sorted.Length; i++) sorted[i] = (logits[i], weights[i]);
        Array.Sort(sorted);
        return settings.Method switch
        {
            PoolingMethod.Mean => TrimmedMean(sorted, 0, 0),
            PoolingMethod.TrimmedMean => TrimmedMean(sorted, settings.Trim, settings.Trim),
            PoolingMethod.UpperMean => TrimmedMean(sorted, 1 - settings.Upper, 0),
            _ => Median(sorted),
        };
    }

    /// <summary>
    /// Pools the tracks of a medium: z = ln(mean(exp(s · z_t))) / s with sharpness s, a soft maximum. One track keeps its value; equal
    /// tracks keep theirs, however many they are; a single high one among n is lowered by ln(n) / s at most, so that a crowd of
    /// authentic faces, each with its own chance error, does not inflate the answer as the plain maximum would.
    /// </summary>
    /// <param name="logits">One a track, at least one.</param>
    /// <param name="sharpness">&gt; 0; 1 is the mean of the odds, infinity the maximum.</param>
    public static double OverTracks(ReadOnlySpan<double> logits, double sharpness)
    {
        var sorted = logits.ToArray();
        Array.Sort(sorted); // equal sets sum to equal bits, whatever their order
        var highest = sorted[^1];
        var sum = 0.0;
        foreach (var logit in sorted) sum += Math.Exp(sharpness * (logit - highest));
        return highest + Math.Log(sum / sorted.Length) / sharpness;
    }

    private static double TrimmedMean(ReadOnlySpan<(double Logit, double Weight)> sorted, double below, double above)
    {
        var total = 0.0;
        foreach (var (_, weight) in sorted) total += weight;
        double low = below * total, high = total - above * total, passed = 0, sum = 0;
        foreach (var (logit, weight) in sorted)
        {
            var kept = Math.Min(passed + weight, high) - Math.Max(passed, low);
            if (kept > 0) sum += kept * logit;
            passed += weight;
        }

        return sum / (high - low);
    }

    private static double Median(ReadOnlySpan<(double Logit, double Weight)> sorted)
    {
        var total = 0.0;
        foreach (var (_, weight) in sorted) total += weight;
        var passed = 0.0;
        for (var i = 0; i < sorted.Length; i++)
        {
            passed += sorted[i].Weight;
            if (passed == total / 2 && i + 1 < sorted.Length) return (sorted[i].Logit + sorted[i + 1].Logit) / 2;
            if (passed > total / 2) return sorted[i].Logit;
        }

        return sorted[^1].Logit;
    }
}
