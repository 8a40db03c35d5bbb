using Deepfake.Standalone.Evaluate.Metrics;

namespace Deepfake.Standalone.Evaluate.Robustness;

/// <summary>What the service said of degraded media.</summary>
/// <param name="Name">How they were degraded.</param>
/// <param name="Scored">One entry a file that it applies to and that has a score as it is.</param>
internal sealed record Condition(string Name, IReadOnlyList<ScoredFile> Scored);

/// <summary>What a degradation costs, over media that have a score with it and without.</summary>
/// <param name="Name">How they were degraded.</param>
/// <param name="Real">Reals.</param>
/// <param name="Fake">Fakes.</param>
/// <param name="Failed">Files whose degraded copy failed.</param>
/// <param name="Unscored">Files that lost their score: no face is found any more, for one.</param>
/// <param name="Clean">AUC of these media as they are.</param>
/// <param name="Auc">AUC of the degraded.</param>
/// <param name="Loss">The difference in points, with the interval of the difference.</param>
internal sealed record ConditionRow(string Name, int Real, int Fake, int Failed, int Unscored, Figure? Clean, Figure? Auc, Figure? Loss)
{
    /// <summary>Measures.</summary>
    public static ConditionRow Of(Condition condition, IReadOnlyList<ScoredFile> clean, int rounds, CancellationToken cancellationToken)
    {
        var scored = condition.Scored.Where(file => file.Probability is not null).ToList();
        var paths = scored.Select(file => file.File.Path).ToHashSet(StringComparer.Ordinal);
        var asTheyAre = clean.Where(file => file.Probability is not null && paths.Contains(file.File.Path)).ToDictionary(file => file.File.Path, StringComparer.Ordinal);
        // The same files in the same order: clusters get the same numbers, and one draw holds for both.
        Ranking before = Rank(scored.Select(file => asTheyAre[file.File.Path])), after = Rank(scored);
        var (first, second) = (before.Row("", rounds, cancellationToken), after.Row(condition.Name, rounds, cancellationToken));
        var difference = Bootstrap.Difference(before.Curve, after.Curve, rounds, cancellationToken);
        return new ConditionRow(
            condition.Name, second.Real, second.Fake, condition.Scored.Count(file => file.Error is not null), condition.Scored.Count(file => file.Error is null && file.Probability is null),
            first.Auc, second.Auc,
            first.Auc is null || second.Auc is null ? null : new Figure(100 * (first.Auc.Value - second.Auc.Value), 100 * difference?.Low, 100 * difference?.High));
    }

    private static Ranking Rank(IEnumerable<ScoredFile> files) => Ranking.Of(Medium.Of(files), medium => medium.Probability(file => file.Probability));
}
