using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate.Metrics;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>What media of one folder were called.</summary>
/// <param name="Folder">Relative to the set.</param>
/// <param name="Files">How many.</param>
/// <param name="Failed">Analyses that failed.</param>
/// <param name="Authentic">Share of those analysed.</param>
/// <param name="Suspicious">The same.</param>
/// <param name="Manipulated">The same.</param>
/// <param name="Inconclusive">The share that the service abstained from.</param>
/// <param name="Auc">Of this folder's media against all media of the other class; null without scores.</param>
internal sealed record FolderRow(string Folder, int Files, int Failed, double Authentic, double Suspicious, double Manipulated, double Inconclusive, Figure? Auc);

/// <summary>The fused score among media of like sharpness, where blur alone cannot tell them apart.</summary>
/// <param name="From">Sharpness from here.</param>
/// <param name="To">To here.</param>
/// <param name="Ranking">The media of this third.</param>
internal sealed record SharpnessThird(double From, double To, RankingRow Ranking);

/// <summary>Everything an evaluation prints and writes.</summary>
internal sealed record EvaluationReport
{
    /// <summary>What made it.</summary>
    public required EvaluationRun Run { get; init; }

    /// <summary>Files, and those without a score.</summary>
    public required int Files { get; init; }

    /// <summary>Files whose analysis failed.</summary>
    public required int Failed { get; init; }

    /// <summary>Files analysed without a probability (no face, for one); in no ranking.</summary>
    public required int Unscored { get; init; }

    /// <summary>Share of the analysed files called inconclusive.</summary>
    public required double AbstentionRate { get; init; }

    /// <summary>Medium, face and frame; then, at the level of media again, each model alone and the baselines.</summary>
    public required IReadOnlyList<RankingRow> Rankings { get; init; }

    /// <summary>Media by thirds of the sharpness of their largest face; thirds that hold nothing are left out.</summary>
    public required IReadOnlyList<SharpnessThird> SharpnessThirds { get; init; }

    /// <summary>What degradations cost, in the order asked for.</summary>
    public required IReadOnlyList<ConditionRow> Conditions { get; init; }

    /// <summary>Probabilities of media against what they are; null without any.</summary>
    public required Reliability? Reliability { get; init; }

    /// <summary>One row a folder.</summary>
    public required IReadOnlyList<FolderRow> Folders { get; init; }

    /// <summary>One row a kind of fakes against its own authentic media; empty unless asked for.</summary>
    public required IReadOnlyList<ProtocolRow> Protocol { get; init; }

    /// <summary>What the patterns caught.</summary>
    public required IReadOnlyList<string> Notes { get; init; }

    /// <summary>Folders that could not be read, and why.</summary>
    public required IReadOnlyDictionary<string, string> Unread { get; init; }

    /// <summary>Codes and details of failures, by path; of a degraded copy by path and condition.</summary>
    public required IReadOnlyDictionary<string, string> Failures { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="set">What was to be scored.</param>
    /// <param name="scored">One entry a file.</param>
    /// <param name="conditions">What was said of degraded copies.</param>
    /// <param name="run">What made them; its models are taken from the entries.</param>
    /// <param name="cancellationToken">Ends it at once.</param>
    public static EvaluationReport Of(EvaluationSet set, IReadOnlyList<ScoredFile> scored, IReadOnlyList<Condition> conditions, EvaluationRun run, CancellationToken cancellationToken)
    {
        var analysed = scored.Where(file => file.Verdict is not null).ToList();
        var media = Medium.Of(scored);
        var probabilities = media.Select(medium => (Score: medium.Probability(Fused), medium.Fake)).Where(one => one.Score is not null).ToList();
        return new EvaluationReport
        {
            Run = run with { Models = [.. scored.SelectMany(file => file.Models.Keys).Distinct().OrderBy(model => model.Name, StringComparer.Ordinal).ThenBy(model => model.Version, StringComparer.Ordinal)] },
            Files = scored.Count,
            Failed = scored.Count - analysed.Count,
            Unscored = analysed.Count(file => file.Probability is null),
            AbstentionRate = ScoredFile.Share(scored, Verdict.Inconclusive),
            Rankings = [.. Rank(scored, media, run, cancellationToken)],
            SharpnessThirds = Thirds(media, run.Rounds, cancellationToken),
            Conditions = [.. conditions.Select(condition => ConditionRow.Of(condition, scored, run.Rounds, cancellationToken))],
            Reliability = Reliability.Measure([.. probabilities.Select(one => one.Score!.Value)], [.. probabilities.Select(one => one.Fake)]),
            Folders = [.. scored.GroupBy(file => file.File.Folder, StringComparer.Ordinal).OrderBy(folder => folder.Key, StringComparer.Ordinal).Select(folder => Folder(folder.Key, [.. folder], scored, run.Rounds, cancellationToken))],
            Protocol = run.Protocol ? ProtocolRow.Of(scored, conditions, run.Rounds, cancellationToken) : [],
            Notes = set.Notes,
            Unread = set.Unread,
            Failures = scored.Select(file => (Name: file.File.Path, file.Error))
                .Concat(conditions.SelectMany(condition => condition.Scored.Select(file => (Name: $"{file.File.Path} ({condition.Name})", file.Error))))
                .Where(one => one.Error is not null).DistinctBy(one => one.Name, StringComparer.Ordinal).ToDictionary(one => one.Name, one => one.Error!, StringComparer.Ordinal),
        };
    }

    /// <summary>The ROC curve of media, for the picture.</summary>
    public static IReadOnlyList<(double FalseRate, double TrueRate)> Curve(IReadOnlyList<ScoredFile> scored) =>
        Ranking.Of(Medium.Of(scored), medium => medium.Probability(Fused)).Curve.Points();

    private static double? Fused(ScoredFile file) => file.Probability;

    private static IEnumerable<RankingRow> Rank(IReadOnlyList<ScoredFile> scored, IReadOnlyList<Medium> media, EvaluationRun run, CancellationToken cancellationToken)
    {
        RankingRow Row(string name, Ranking ranking) => ranking.Row(name, run.Rounds, cancellationToken);
        Ranking Parts(Func<ScoredFile, IReadOnlyList<double>> of) =>
            new(scored.SelectMany(file => of(file).Select(score => new Ranked(score, file.File.Fake, file.File.Cluster))));

        yield return Row(run.GroupBy is null ? "media" : "media, pooled by group", Ranking.Of(media, medium => medium.Probability(Fused)));
        yield return Row("faces", Parts(file => file.Faces));
        yield return Row("frames", Parts(file => file.Frames));
        foreach (var model in scored.SelectMany(file => file.Models.Keys).Select(model => model.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
            yield return Row("model " + model, Ranking.Of(media, medium => medium.Probability(file => file.ScoreOf(model))));
        foreach (var (name, less, more, of) in Baselines)
        {
            var (ranking, turned) = Ranking.Of(media, medium => medium.Mean(of)).Best();
            yield return Row($"baseline: {name}, {(turned ? less : more)} is fake", ranking);
        }
    }

    private static (string Name, string Less, string More, Func<ScoredFile, double?> Of)[] Baselines { get; } =
    [
        ("face size", "smaller", "larger", file => file.Face?.Size),
        ("sharpness", "blurred", "sharper", file => file.Face?.Sharpness),
        ("brightness", "darker", "brighter", file => file.Face?.Brightness),
    ];

    private static List<SharpnessThird> Thirds(IReadOnlyList<Medium> media, int rounds, CancellationToken cancellationToken)
    {
        var known = media.Select(medium => (Medium: medium, Sharpness: medium.Mean(file => file.Face?.Sharpness))).Where(one => one.Sharpness is not null && one.Medium.Probability(Fused) is not null).ToList();
        if (known.Count == 0) return [];
        var sharpness = known.Select(one => one.Sharpness!.Value).Order().ToArray();
        // Open at the upper edge but for the last, so that a medium on an edge counts once.
        double[] edges = [sharpness[0], Bootstrap.Quantile(sharpness, 1 / 3.0), Bootstrap.Quantile(sharpness, 2 / 3.0), sharpness[^1]];
        List<SharpnessThird> thirds = [];
        for (var i = 0; i < 3; i++)
        {
            var inside = known.Where(one => one.Sharpness >= edges[i] && (i == 2 || one.Sharpness < edges[i + 1])).Select(one => one.Medium).ToList();
            if (inside.Count > 0) thirds.Add(new SharpnessThird(edges[i], edges[i + 1], Ranking.Of(inside, medium => medium.Probability(Fused)).Row("media", rounds, cancellationToken)));
        }

        return thirds;
    }

    private static FolderRow Folder(string name, IReadOnlyList<ScoredFile> inside, IReadOnlyList<ScoredFile> all, int rounds, CancellationToken cancellationToken)
    {
        var fake = inside[0].File.Fake;
        var against = Ranking.Of(Medium.Of([.. inside, .. all.Where(file => file.File.Fake != fake)]), medium => medium.Probability(Fused)).Row(name, rounds, cancellationToken);
        return new FolderRow(
            name, inside.Count, inside.Count(file => file.Verdict is null), ScoredFile.Share(inside, Verdict.Authentic), ScoredFile.Share(inside, Verdict.Suspicious),
            ScoredFile.Share(inside, Verdict.Manipulated), ScoredFile.Share(inside, Verdict.Inconclusive), against.Auc);
    }
}
