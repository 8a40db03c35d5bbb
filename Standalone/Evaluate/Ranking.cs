using Deepfake.Standalone.Evaluate.Metrics;

namespace Deepfake.Standalone.Evaluate;

/// <summary>A figure with its 95 % interval.</summary>
/// <param name="Value">On all media.</param>
/// <param name="Low">Lower end; null where there is too little to resample.</param>
/// <param name="High">Upper end.</param>
internal sealed record Figure(double Value, double? Low, double? High)
{
    public Figure(double value, Interval? interval) : this(value, interval?.Low, interval?.High)
    {
    }
}

/// <summary>How scores of one kind order reals and fakes.</summary>
/// <param name="Name">What was ranked.</param>
/// <param name="Real">How many reals had a score.</param>
/// <param name="Fake">How many fakes had one.</param>
/// <param name="Auc">Area under the ROC curve.</param>
/// <param name="AveragePrecision">Area under precision and recall.</param>
/// <param name="EqualErrorRate">Where misses and false alarms meet.</param>
/// <param name="TprAtFpr1">Detections at 1 % false alarms.</param>
/// <param name="TprAtFpr5">Detections at 5 %.</param>
internal sealed record RankingRow(string Name, int Real, int Fake, Figure? Auc, Figure? AveragePrecision, Figure? EqualErrorRate, Figure? TprAtFpr1, Figure? TprAtFpr5);

/// <summary>One value in a ranking.</summary>
/// <param name="Score">Higher means fake.</param>
/// <param name="Fake">What it is.</param>
/// <param name="Cluster">What it is resampled with.</param>
internal readonly record struct Ranked(double Score, bool Fake, string Cluster);

/// <summary>Values of one kind, in order.</summary>
internal sealed class Ranking
{
    private readonly List<Ranked> _values;

    /// <summary>Numbers the clusters and sorts.</summary>
    public Ranking(IEnumerable<Ranked> values)
    {
        _values = [.. values];
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var clusters = _values.Select(value =>
        {
            if (!numbers.TryGetValue(value.Cluster, out var number)) numbers[value.Cluster] = number = numbers.Count;
            return number;
        }).ToArray();
        Curve = new RankingCurve([.. _values.Select(value => value.Score)], [.. _values.Select(value => value.Fake)], clusters);
    }

    /// <summary>What figures are read from.</summary>
    public RankingCurve Curve { get; }

    /// <summary>Ranks media by a score of theirs; those without one are left out.</summary>
    public static Ranking Of(IEnumerable<Medium> media, Func<Medium, double?> score) =>
        new(media.Select(medium => (Medium: medium, Score: score(medium))).Where(one => one.Score is not null).Select(one => new Ranked(one.Score!.Value, one.Medium.Fake, one.Medium.Cluster)));

    /// <summary>The same with the order turned round where it then fits better: what a baseline can reach at most.</summary>
    /// <returns>The ranking, and whether it was turned.</returns>
    public (Ranking Ranking, bool Turned) Best() =>
        Curve.Measure() is { Auc: < 0.5 } ? (new Ranking(_values.Select(value => value with { Score = -value.Score })), true) : (this, false);

    /// <summary>All figures with their intervals.</summary>
    public RankingRow Row(string name, int rounds, CancellationToken cancellationToken)
    {
        var (real, fake) = (_values.Count(value => !value.Fake), _values.Count(value => value.Fake));
        if (Curve.Measure() is not { } figures) return new RankingRow(name, real, fake, null, null, null, null, null);
        var intervals = Bootstrap.Of(Curve, rounds, cancellationToken);
        var rows = figures.ToArray().Select((value, i) => i < intervals.Count ? new Figure(value, intervals[i]) : new Figure(value, null)).ToArray();
        return new RankingRow(name, real, fake, rows[0], rows[1], rows[2], rows[3], rows[4]);
    }
}
