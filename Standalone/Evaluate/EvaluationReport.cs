using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate.Metrics;

namespace Deepfake.Standalone.Evaluate;

/// <summary>A figure with its 95 % interval.</summary>
/// <param name="Value">On all media.</param>
/// <param name="Low">Lower end; null when it could not be resampled.</param>
/// <param name="High">Upper end.</param>
internal sealed record Figure(double Value, double? Low, double? High);

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

/// <summary>Everything an evaluation prints and writes.</summary>
internal sealed record EvaluationReport
{
    /// <summary>When it was made.</summary>
    public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Files, and those without a score.</summary>
    public required int Files { get; init; }

    /// <summary>Files whose analysis failed.</summary>
    public required int Failed { get; init; }

    /// <summary>Files analysed without a probability (no face, for one); in no ranking.</summary>
    public required int Unscored { get; init; }

    /// <summary>Share of the analysed files called inconclusive.</summary>
    public required double AbstentionRate { get; init; }

    /// <summary>Medium (pooled by group when asked), face and frame; then each model alone and the face size, at the level of media.</summary>
    public required IReadOnlyList<RankingRow> Rankings { get; init; }

    /// <summary>Probabilities of media against what they are; null without any.</summary>
    public required Reliability? Reliability { get; init; }

    /// <summary>One row a folder.</summary>
    public required IReadOnlyList<FolderRow> Folders { get; init; }

    /// <summary>Codes and details of failures, by path.</summary>
    public required IReadOnlyDictionary<string, string> Failures { get; init; }

    /// <summary>Measures.</summary>
    /// <param name="scored">One entry a file.</param>
    /// <param name="pooled">Whether files of one group are pooled to one medium (mean of their log-odds).</param>
    /// <param name="rounds">Rounds of resampling.</param>
    /// <param name="now">The time.</param>
    public static EvaluationReport Of(IReadOnlyList<ScoredFile> scored, bool pooled, int rounds, DateTimeOffset now)
    {
        var analysed = scored.Where(file => file.Verdict is not null).ToList();
        var media = Media(scored);
        var size = scored.Where(file => file.FaceSize is not null).ToList();
        List<RankingRow> rankings =
        [
            Rank(pooled ? "media, pooled by group" : "media", media, rounds),
            Rank("faces", [.. scored.SelectMany(file => file.Faces.Select(score => new Scored(score, file.File.Fake, file.File.Group)))], rounds),
            Rank("frames", [.. scored.SelectMany(file => file.Frames.Select(score => new Scored(score, file.File.Fake, file.File.Group)))], rounds),
        ];
        foreach (var model in scored.SelectMany(file => file.Models.Keys).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            rankings.Add(Rank("model " + model, [.. scored.Where(file => file.Models.ContainsKey(model)).Select(file => new Scored(file.Models[model], file.File.Fake, file.File.Group))], rounds));
        }

        rankings.Add(Rank("baseline: face size", [.. size.Select(file => new Scored(file.FaceSize!.Value, file.File.Fake, file.File.Group))], rounds));
        return new EvaluationReport
        {
            CreatedAt = now,
            Files = scored.Count,
            Failed = scored.Count - analysed.Count,
            Unscored = analysed.Count(file => file.Probability is null),
            AbstentionRate = Share(analysed, Verdict.Inconclusive),
            Rankings = rankings,
            Reliability = Reliability.Measure([.. media.Select(medium => medium.Score)], [.. media.Select(medium => medium.Fake)]),
            Folders = [.. scored.GroupBy(file => file.File.Folder, StringComparer.Ordinal).OrderBy(folder => folder.Key, StringComparer.Ordinal).Select(folder => Folder(folder.Key, [.. folder], scored, rounds))],
            Failures = scored.Where(file => file.Error is not null).ToDictionary(file => file.File.Path, file => file.Error!, StringComparer.Ordinal),
        };
    }

    /// <summary>The ROC curve of media, for the picture.</summary>
    public static IReadOnlyList<(double FalseRate, double TrueRate)> Curve(IReadOnlyList<ScoredFile> scored)
    {
        var media = Media(scored);
        return new RankingCurve([.. media.Select(medium => medium.Score)], [.. media.Select(medium => medium.Fake)], [.. media.Select(_ => 0)]).Points();
    }

    private sealed record Scored(double Score, bool Fake, string Group);

    private static List<Scored> Media(IEnumerable<ScoredFile> scored) =>
        [.. scored.Where(file => file.Probability is not null).GroupBy(file => (file.File.Group, file.File.Fake))
            .Select(group => new Scored(Pooled([.. group.Select(file => file.Probability!.Value)]), group.Key.Fake, group.Key.Group))];

    private static double Pooled(double[] probabilities)
    {
        if (probabilities.Length == 1) return probabilities[0];
        var mean = probabilities.Average(p => Math.Log(Math.Clamp(p, 1e-6, 1 - 1e-6) / (1 - Math.Clamp(p, 1e-6, 1 - 1e-6))));
        return 1 / (1 + Math.Exp(-mean));
    }

    private static FolderRow Folder(string name, IReadOnlyList<ScoredFile> inside, IReadOnlyList<ScoredFile> all, int rounds)
    {
        var analysed = inside.Where(file => file.Verdict is not null).ToList();
        var fake = inside[0].File.Fake;
        var against = Rank(name, Media([.. inside, .. all.Where(file => file.File.Fake != fake)]), rounds);
        return new FolderRow(
            name, inside.Count, inside.Count - analysed.Count, Share(analysed, Verdict.Authentic), Share(analysed, Verdict.Suspicious),
            Share(analysed, Verdict.Manipulated), Share(analysed, Verdict.Inconclusive), against.Auc);
    }

    private static double Share(List<ScoredFile> files, Verdict verdict) => files.Count == 0 ? 0 : files.Count(file => file.Verdict == verdict) / (double)files.Count;

    private static RankingRow Rank(string name, IReadOnlyList<Scored> values, int rounds)
    {
        var numbers = new Dictionary<string, int>(StringComparer.Ordinal);
        var clusters = values.Select(value =>
        {
            if (!numbers.TryGetValue(value.Group, out var number)) numbers[value.Group] = number = numbers.Count;
            return number;
        }).ToArray();
        var curve = new RankingCurve([.. values.Select(value => value.Score)], [.. values.Select(value => value.Fake)], clusters);
        var (real, fake) = (values.Count(value => !value.Fake), values.Count(value => value.Fake));
        if (curve.Measure() is not { } figures) return new RankingRow(name, real, fake, null, null, null, null, null);
        var intervals = Bootstrap.Of(curve, rounds);
        var rows = figures.ToArray().Select((value, i) => i < intervals.Count ? new Figure(value, intervals[i].Low, intervals[i].High) : new Figure(value, null, null)).ToArray();
        return new RankingRow(name, real, fake, rows[0], rows[1], rows[2], rows[3], rows[4]);
    }
}
