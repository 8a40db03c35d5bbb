namespace Deepfake.Standalone.Evaluate.Metrics;

/// <summary>How well scores order fakes above reals.</summary>
/// <param name="Auc">Area under the ROC curve; ties count half.</param>
/// <param name="AveragePrecision">Area under the steps of precision over recall.</param>
/// <param name="EqualErrorRate">Where the share of false alarms meets the share of misses, linearly between thresholds.</param>
/// <param name="TprAtFpr1">Highest detection rate with at most 1 % false alarms.</param>
/// <param name="TprAtFpr5">The same with at most 5 %.</param>
public readonly record struct RankingFigures(double Auc, double AveragePrecision, double EqualErrorRate, double TprAtFpr1, double TprAtFpr5)
{
    /// <summary>The five numbers in order, for intervals.</summary>
    public double[] ToArray() => [Auc, AveragePrecision, EqualErrorRate, TprAtFpr1, TprAtFpr5];
}

/// <summary>
/// Scores sorted once; figures for any multiplicity of the clusters they belong to, in one pass each. That makes resampling of whole
/// clusters (the frames of one video say the same) cheap.
/// </summary>
public sealed class RankingCurve
{
    private readonly double[] _scores;
    private readonly bool[] _fake;
    private readonly int[] _cluster;

    /// <summary>Sorts.</summary>
    /// <param name="scores">Higher means manipulated; finite.</param>
    /// <param name="fake">Whether each is a fake.</param>
    /// <param name="cluster">Number of the cluster each belongs to, from 0 without gaps.</param>
    public RankingCurve(IReadOnlyList<double> scores, IReadOnlyList<bool> fake, IReadOnlyList<int> cluster)
    {
        if (scores.Count != fake.Count || scores.Count != cluster.Count) throw new ArgumentException("Scores, labels and clusters differ in number.", nameof(scores));
        var order = Enumerable.Range(0, scores.Count).OrderByDescending(i => scores[i]).ToArray();
        _scores = [.. order.Select(i => scores[i])];
        _fake = [.. order.Select(i => fake[i])];
        _cluster = [.. order.Select(i => cluster[i])];
        Clusters = cluster.Count == 0 ? 0 : cluster.Max() + 1;
        RealClusters = _cluster.Where((_, i) => !_fake[i]).Distinct().Count();
        FakeClusters = _cluster.Where((_, i) => _fake[i]).Distinct().Count();
    }

    /// <summary>How many clusters there are.</summary>
    public int Clusters { get; }

    /// <summary>How many of them hold a real.</summary>
    public int RealClusters { get; }

    /// <summary>How many of them hold a fake.</summary>
    public int FakeClusters { get; }

    /// <summary>Figures with every cluster counted once; null when a class is missing.</summary>
    public RankingFigures? Measure()
    {
        var once = new int[Clusters];
        Array.Fill(once, 1);
        return Measure(once);
    }

    /// <summary>Figures with each cluster counted as often as told; null when a class is missing.</summary>
    public RankingFigures? Measure(ReadOnlySpan<int> multiplicity)
    {
        double fakes = 0, reals = 0;
        for (var i = 0; i < _scores.Length; i++)
        {
            if (_fake[i]) fakes += multiplicity[_cluster[i]];
            else reals += multiplicity[_cluster[i]];
        }

        if (fakes == 0 || reals == 0) return null;
        double hits = 0, alarms = 0, area = 0, precision = 0, tpr1 = 0, tpr5 = 0, equal = double.NaN;
        var gap = -1.0; // false-alarm rate minus miss rate, before the first threshold
        for (var i = 0; i < _scores.Length;)
        {
            double moreHits = 0, moreAlarms = 0;
            var score = _scores[i];
            for (; i < _scores.Length && _scores[i] == score; i++)
            {
                if (_fake[i]) moreHits += multiplicity[_cluster[i]];
                else moreAlarms += multiplicity[_cluster[i]];
            }

            if (moreHits == 0 && moreAlarms == 0) continue;
            area += moreAlarms * (hits + moreHits / 2);
            var alarmsBefore = alarms;
            hits += moreHits;
            alarms += moreAlarms;
            precision += moreHits * hits / (hits + alarms);
            double falseRate = alarms / reals, trueRate = hits / fakes;
            if (falseRate <= 0.01 + 1e-12) tpr1 = trueRate;
            if (falseRate <= 0.05 + 1e-12) tpr5 = trueRate;
            var now = falseRate - (1 - trueRate);
            if (double.IsNaN(equal) && now >= 0)
            {
                var before = alarmsBefore / reals;
                equal = now == gap ? falseRate : before + -gap / (now - gap) * (falseRate - before);
            }

            gap = now;
        }

        return new RankingFigures(area / (fakes * reals), precision / fakes, equal, tpr1, tpr5);
    }

    /// <summary>The ROC curve: false-alarm and detection rates from (0,0) to (1,1).</summary>
    public IReadOnlyList<(double FalseRate, double TrueRate)> Points()
    {
        double fakes = Math.Max(1, _fake.Count(fake => fake)), reals = Math.Max(1, _fake.Count(fake => !fake)), hits = 0, alarms = 0;
        List<(double, double)> points = [(0, 0)];
        for (var i = 0; i < _scores.Length; i++)
        {
            if (_fake[i]) hits++;
            else alarms++;
            if (i + 1 == _scores.Length || _scores[i + 1] != _scores[i]) points.Add((alarms / reals, hits / fakes));
        }

        return points;
    }
}
