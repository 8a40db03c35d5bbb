namespace Deepfake.ResultService.Fusion;

/// <summary>
/// Where the mean of a series changes: the division into stretches with the least sum of squares and of a price a stretch (optimal
/// partitioning, Jackson et al. 2005). The price grows with the series' own flicker, so that noise makes no stretches.
/// </summary>
public static class ChangePoints
{
    /// <summary>
    /// Price of a stretch in variances of the flicker, times the logarithm of the count; chosen by <c>training/forensics/timeline.py</c> among
    /// 1, 2 and 4.
    /// </summary>
    private const double Price = 4;

    /// <summary>Least flicker, in log-odds: a series without any would be cut at every step.</summary>
    private const double LeastFlicker = 0.5;

    /// <summary>A deviation of differences between neighbours, over their median magnitude: 1.4826 / √2.</summary>
    private const double NormalScale = 1.0483;

    private const int ShortestStretch = 2;

    /// <summary>Finds the ends of the stretches, each exclusive, ascending; the last is the count. Time grows with its square.</summary>
    /// <param name="values">Log-odds by time.</param>
    public static IReadOnlyList<int> Find(ReadOnlySpan<double> values)
    {
        var n = values.Length;
        if (n == 0) return [];
        double[] sums = new double[n + 1], squares = new double[n + 1], best = new double[n + 1];
        var begins = new int[n + 1];
        for (var i = 0; i < n; i++) (sums[i + 1], squares[i + 1]) = (sums[i] + values[i], squares[i] + values[i] * values[i]);
        var flicker = Math.Max(LeastFlicker, Flicker(values));
        var price = Price * flicker * flicker * Math.Log(Math.Max(n, 2));
        for (var end = 1; end <= n; end++)
        {
            best[end] = double.PositiveInfinity;
            for (var begin = 0; begin < end; begin++)
            {
                if (end - begin < ShortestStretch && n >= ShortestStretch) continue;
                var sum = sums[end] - sums[begin];
                var cost = best[begin] + squares[end] - squares[begin] - sum * sum / (end - begin) + price;
                if (cost < best[end]) (best[end], begins[end]) = (cost, begin);
            }
        }

        var ends = new List<int>();
        for (var at = n; at > 0; at = begins[at]) ends.Add(at);
        ends.Reverse();
        return ends;
    }

    private static double Flicker(ReadOnlySpan<double> values)
    {
        if (values.Length < 2) return 0;
        var steps = new double[values.Length - 1];
        for (var i = 0; i < steps.Length; i++) steps[i] = Math.Abs(values[i + 1] - values[i]);
        Array.Sort(steps);
        return NormalScale * (steps[steps.Length / 2] + steps[(steps.Length - 1) / 2]) / 2;
    }
}
