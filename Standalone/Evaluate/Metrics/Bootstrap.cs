namespace Deepfake.Standalone.Evaluate.Metrics;

/// <summary>A 95 % interval.</summary>
/// <param name="Low">2.5th percentile.</param>
/// <param name="High">97.5th percentile.</param>
public readonly record struct Interval(double Low, double High);

/// <summary>Percentile intervals by resampling whole clusters with replacement (Efron, 1979), with a fixed seed.</summary>
public static class Bootstrap
{
    /// <summary>Clusters that each class must have: the spread of fewer cannot be read off themselves.</summary>
    public const int LeastClusters = 5;

    /// <summary>Intervals of all figures of a curve, in the order of <see cref="RankingFigures.ToArray"/>.</summary>
    /// <param name="curve">Scores.</param>
    /// <param name="rounds">How often to resample; draws without one of the classes do not count.</param>
    /// <param name="cancellationToken">Ends it between two draws.</param>
    /// <returns>Empty when a class has fewer than <see cref="LeastClusters"/> clusters, or without rounds.</returns>
    public static IReadOnlyList<Interval> Of(RankingCurve curve, int rounds, CancellationToken cancellationToken = default)
    {
        if (Math.Min(curve.RealClusters, curve.FakeClusters) < LeastClusters) return [];
        var drawn = new List<double[]>(rounds);
        foreach (var multiplicity in Draws(curve.Clusters, rounds, cancellationToken))
        {
            if (curve.Measure(multiplicity) is { } figures) drawn.Add(figures.ToArray());
        }

        return drawn.Count == 0
            ? []
            : [.. Enumerable.Range(0, drawn[0].Length).Select(f => Over([.. drawn.Select(values => values[f])]))];
    }

    /// <summary>Interval of how much higher the AUC of one curve is than that of another over the same clusters, each draw taken for both.</summary>
    /// <param name="first">Scores.</param>
    /// <param name="second">Others, of the same clusters by number.</param>
    /// <param name="rounds">How often to resample.</param>
    /// <param name="cancellationToken">Ends it between two draws.</param>
    /// <returns>Null where <see cref="Of"/> has none.</returns>
    public static Interval? Difference(RankingCurve first, RankingCurve second, int rounds, CancellationToken cancellationToken = default)
    {
        if (Math.Min(first.RealClusters, first.FakeClusters) < LeastClusters) return null;
        var drawn = new List<double>(rounds);
        foreach (var multiplicity in Draws(first.Clusters, rounds, cancellationToken))
        {
            if (first.Measure(multiplicity) is { } one && second.Measure(multiplicity) is { } other) drawn.Add(one.Auc - other.Auc);
        }

        return drawn.Count == 0 ? null : Over([.. drawn]);
    }

    /// <summary>Quantile of sorted values, linear between neighbours.</summary>
    public static double Quantile(ReadOnlySpan<double> sorted, double share)
    {
        var at = share * (sorted.Length - 1);
        var below = (int)at;
        return below + 1 >= sorted.Length ? sorted[^1] : sorted[below] + (at - below) * (sorted[below + 1] - sorted[below]);
    }

    /// <summary>How often each cluster is drawn, round by round; the array is the same each time.</summary>
    private static IEnumerable<int[]> Draws(int clusters, int rounds, CancellationToken cancellationToken)
    {
        // Not for secrets: the same seed gives the same interval.
#pragma warning disable CA5394
        var random = new Random(20260101);
        var multiplicity = new int[clusters];
        for (var round = 0; round < rounds; round++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Array.Clear(multiplicity);
            for (var i = 0; i < multiplicity.Length; i++) multiplicity[random.Next(multiplicity.Length)]++;
            yield return multiplicity;
        }
#pragma warning restore CA5394
    }

    private static Interval Over(double[] values)
    {
        Array.Sort(values);
        return new Interval(Quantile(values, 0.025), Quantile(values, 0.975));
    }
}
