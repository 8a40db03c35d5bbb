using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>Results that have all of this in common, counted.</summary>
internal sealed record OutcomeCount(DateOnly Day, string Status, string? Verdict, string? Error, long Count, long Bytes);

/// <summary>Puts statistics together from what a store counted. Pure, so that both stores give the same answers from the same counts.</summary>
internal static class StatisticsTally
{
    public static HistoryStatistics Compose(
        IReadOnlyList<OutcomeCount> outcomes,
        LatencyStatistics? latency,
        IEnumerable<ModelStatistics> models,
        IReadOnlyDictionary<string, long> abstentionReasons,
        IReadOnlyList<VerdictPair> pairs)
    {
        var completed = outcomes.Where(outcome => outcome.Status == Completed).ToList();
        var count = completed.Sum(outcome => outcome.Count);
        var abstained = completed.Where(outcome => outcome.Verdict == Inconclusive).Sum(outcome => outcome.Count);
        var reviewed = pairs.Sum(pair => pair.Count);
        var agreed = pairs.Where(pair => pair.Machine == pair.Reviewer).Sum(pair => pair.Count);
        return new HistoryStatistics
        {
            Total = outcomes.Sum(outcome => outcome.Count),
            ByStatus = Sum(outcomes, outcome => outcome.Status),
            ByVerdict = Sum(completed, outcome => outcome.Verdict),
            ByError = Sum(outcomes, outcome => outcome.Error),
            Bytes = outcomes.Sum(outcome => outcome.Bytes),
            Latency = latency,
            Days =
            [
                .. outcomes.GroupBy(outcome => outcome.Day).OrderBy(day => day.Key).Select(day => new DayStatistics(
                    day.Key, day.Sum(outcome => outcome.Count), Sum(day, outcome => outcome.Status), Sum(day.Where(outcome => outcome.Status == Completed), outcome => outcome.Verdict))),
            ],
            Models = [.. models.OrderBy(model => model.Name, StringComparer.Ordinal).ThenBy(model => model.Version, StringComparer.Ordinal)],
            Abstentions = new AbstentionStatistics(abstained, Share(abstained, count), abstentionReasons),
            Reviews = new ReviewStatistics(
                reviewed, agreed, Share(agreed, reviewed),
                [.. pairs.OrderBy(pair => pair.Machine, StringComparer.Ordinal).ThenBy(pair => pair.Reviewer, StringComparer.Ordinal)]),
        };
    }

    /// <summary>The same counts from single results.</summary>
    public static HistoryStatistics Count(IReadOnlyList<(AnalysisSummary Summary, HistoryFacts Facts, Verdict? Review)> results)
    {
        var completed = results.Where(result => result.Summary.Status == AnalysisStatus.Completed).ToList();
        var outcomes = results.GroupBy(result => (
            Day: DateOnly.FromDateTime(result.Summary.CreatedAt.UtcDateTime), result.Summary.Status, result.Summary.MachineVerdict, result.Summary.ErrorCode));
        var reviewed = completed.Where(result => result is { Review: not null, Summary.MachineVerdict: not null });
        return Compose(
            [.. outcomes.Select(group => new OutcomeCount(
                group.Key.Day, HistoryTerms.Name(group.Key.Status), Name(group.Key.MachineVerdict), group.Key.ErrorCode, group.LongCount(), group.Sum(result => result.Facts.SizeBytes)))],
            Latency([.. completed.Where(result => result.Summary.CompletedAt is not null)
                .Select(result => (result.Summary.CompletedAt!.Value - result.Summary.CreatedAt).TotalSeconds).Order()]),
            Models(completed.Select(result => (result.Summary.DeepfakeScore, result.Facts))),
            completed.Where(result => result.Summary.MachineVerdict == Verdict.Inconclusive).SelectMany(result => result.Facts.Reasons)
                .GroupBy(reason => reason, StringComparer.Ordinal).ToDictionary(group => group.Key, group => group.LongCount()),
            [.. reviewed.GroupBy(result => (result.Summary.MachineVerdict, result.Review))
                .Select(group => new VerdictPair(Name(group.Key.MachineVerdict)!, Name(group.Key.Review)!, group.LongCount()))]);
    }

    /// <summary>Percentile with linear interpolation, as PostgreSQL's <c>percentile_cont</c>.</summary>
    public static double Percentile(ReadOnlySpan<double> ordered, double share)
    {
        var place = share * (ordered.Length - 1);
        var below = (int)place;
        return below + 1 < ordered.Length ? ordered[below] + ((place - below) * (ordered[below + 1] - ordered[below])) : ordered[below];
    }

    private static string Completed { get; } = HistoryTerms.Name(AnalysisStatus.Completed);

    private static string Inconclusive { get; } = HistoryTerms.Name(Verdict.Inconclusive);

    private static LatencyStatistics? Latency(double[] ordered) => ordered.Length == 0 ? null : new LatencyStatistics(
        ordered.Average(), Percentile(ordered, 0.5), Percentile(ordered, 0.9), Percentile(ordered, 0.95), Percentile(ordered, 0.99));

    private static IEnumerable<ModelStatistics> Models(IEnumerable<(double? Fused, HistoryFacts Facts)> results) =>
        results.SelectMany(result => result.Facts.Models, (result, model) => (result.Fused, Model: model)).GroupBy(entry => (entry.Model.Name, entry.Model.Version)).Select(group =>
        {
            var scores = group.Where(entry => entry.Model.Score is not null).ToList();
            var comparable = scores.Where(entry => entry.Fused is not null).ToList();
            return new ModelStatistics(
                group.Key.Name,
                group.Key.Version,
                scores.Count,
                group.LongCount() - scores.Count,
                scores.Count == 0 ? null : scores.Average(entry => entry.Model.Score!.Value),
                comparable.Count == 0 ? null : comparable.Average(entry => entry.Model.Score >= 0.5 == entry.Fused >= 50 ? 1.0 : 0.0));
        });

    private static Dictionary<string, long> Sum(IEnumerable<OutcomeCount> outcomes, Func<OutcomeCount, string?> key) =>
        outcomes.Where(outcome => key(outcome) is not null).GroupBy(outcome => key(outcome)!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(outcome => outcome.Count));

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;

    private static string? Name(Verdict? verdict) => verdict is { } known ? HistoryTerms.Name(known) : null;
}
