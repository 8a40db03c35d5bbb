using Deepfake.Contracts;
using Deepfake.Standalone.Evaluate.Metrics;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>AUC of one kind of fakes after a degradation.</summary>
/// <param name="Condition">How the media were degraded.</param>
/// <param name="Auc">Over those that have a score both ways; null where a class has none.</param>
internal sealed record ConditionAuc(string Condition, Figure? Auc);

/// <summary>One kind of fakes against the authentic media of its own kind: what leave-one-out tables are made of.</summary>
/// <param name="Kind">The folder right below <c>fake/</c>; "" for files right below it.</param>
/// <param name="Against">The folder right below <c>real/</c> that it stands against; null for all of them.</param>
/// <param name="Real">Authentic media with a score.</param>
/// <param name="Fake">Fakes with a score.</param>
/// <param name="Auc">Of the fused score.</param>
/// <param name="BestModel">The model that ranks these media best; null without models.</param>
/// <param name="BestAuc">Its AUC.</param>
/// <param name="Gain">AUC of the fusion minus that of the best model, with the interval of the difference.</param>
/// <param name="Authentic">Share of the analysed fakes that are called authentic.</param>
/// <param name="Undecided">Share of them that are called suspicious or inconclusive.</param>
/// <param name="Manipulated">Share of them that are called manipulated.</param>
/// <param name="FalseAlarms">Share of the analysed authentic media that are called manipulated.</param>
/// <param name="Degraded">One entry a degradation, in the order asked for.</param>
internal sealed record ProtocolRow(
    string Kind, string? Against, int Real, int Fake, Figure? Auc, string? BestModel, double? BestAuc, Figure? Gain,
    double Authentic, double Undecided, double Manipulated, double FalseAlarms, IReadOnlyList<ConditionAuc> Degraded)
{
    /// <summary>One row a kind of fakes, by name.</summary>
    public static IReadOnlyList<ProtocolRow> Of(IReadOnlyList<ScoredFile> scored, IReadOnlyList<Condition> conditions, int rounds, CancellationToken cancellationToken)
    {
        var reals = scored.Where(file => !file.File.Fake).Select(file => KindOf(file.File)).Distinct(StringComparer.Ordinal).ToList();
        List<ProtocolRow> rows = [];
        foreach (var kind in scored.Where(file => file.File.Fake).Select(file => KindOf(file.File)).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal))
        {
            var own = Own(kind, reals);
            bool Belongs(ScoredFile file) => file.File.Fake ? KindOf(file.File) == kind : own is null || KindOf(file.File) == own;
            rows.Add(Of(kind, own, [.. scored.Where(Belongs)], [.. conditions.Select(one => new Condition(one.Name, [.. one.Scored.Where(Belongs)]))], rounds, cancellationToken));
        }

        return rows;
    }

    private static ProtocolRow Of(string kind, string? own, IReadOnlyList<ScoredFile> inside, IReadOnlyList<Condition> conditions, int rounds, CancellationToken cancellationToken)
    {
        var fused = Ranking.Of(Medium.Of(inside), Fused).Row(kind, rounds, cancellationToken);
        var (best, area) = inside.SelectMany(file => file.Models.Keys).Select(model => model.Name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(model => (Model: (string?)model, Area: Ranking.Of(Medium.Of(inside), Of(model)).Curve.Measure()?.Auc))
            .Where(one => one.Area is not null).OrderByDescending(one => one.Area).FirstOrDefault();
        var fakes = inside.Where(file => file.File.Fake).ToList();
        return new ProtocolRow(
            kind, own, fused.Real, fused.Fake, fused.Auc, best, area, best is null ? null : GainOver(inside, best, rounds, cancellationToken),
            ScoredFile.Share(fakes, Verdict.Authentic), ScoredFile.Share(fakes, Verdict.Suspicious) + ScoredFile.Share(fakes, Verdict.Inconclusive),
            ScoredFile.Share(fakes, Verdict.Manipulated), ScoredFile.Share([.. inside.Where(file => !file.File.Fake)], Verdict.Manipulated),
            [.. conditions.Select(one => new ConditionAuc(one.Name, ConditionRow.Of(one, inside, rounds, cancellationToken).Auc))]);
    }

    /// <summary>Over the media that both scored.</summary>
    private static Figure? GainOver(IReadOnlyList<ScoredFile> inside, string model, int rounds, CancellationToken cancellationToken)
    {
        var both = Medium.Of(inside).Where(medium => Fused(medium) is not null && Of(model)(medium) is not null).ToList();
        RankingCurve fusion = Ranking.Of(both, Fused).Curve, alone = Ranking.Of(both, Of(model)).Curve;
        return fusion.Measure() is { } joined && alone.Measure() is { } one
            ? new Figure(joined.Auc - one.Auc, Bootstrap.Difference(fusion, alone, rounds, cancellationToken))
            : null;
    }

    private static double? Fused(Medium medium) => medium.Probability(file => file.Probability);

    private static Func<Medium, double?> Of(string model) => medium => medium.Probability(file => file.ScoreOf(model));

    private static string KindOf(EvaluationFile file) => file.Folder.Split('/') is [_, var kind, ..] ? kind : "";

    /// <summary>The reals' folder of the same name, or the longest one that the name begins with before an underscore.</summary>
    private static string? Own(string kind, IReadOnlyList<string> reals) =>
        reals.Where(real => real == kind || (real.Length > 0 && kind.StartsWith(real + "_", StringComparison.Ordinal))).MaxBy(real => real.Length);
}
