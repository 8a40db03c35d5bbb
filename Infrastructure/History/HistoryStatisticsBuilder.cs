using Deepfake.Contracts;

namespace Deepfake.Infrastructure.History;

/// <summary>Results that have all of this in common, counted.</summary>
internal sealed record OutcomeCount(DateOnly Day, string Status, string? Verdict, string? Error, long Count, long Bytes);

/// <summary>Puts statistics together from what a store counted. Pure, so that both databases give the same answers from the same counts.</summary>
internal static class HistoryStatisticsBuilder
{
    public static HistoryStatistics Build(
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

    private static string Completed { get; } = HistoryTerms.Name(AnalysisStatus.Completed);

    private static string Inconclusive { get; } = HistoryTerms.Name(Verdict.Inconclusive);

    private static Dictionary<string, long> Sum(IEnumerable<OutcomeCount> outcomes, Func<OutcomeCount, string?> key) =>
        outcomes.Where(outcome => key(outcome) is not null).GroupBy(outcome => key(outcome)!, StringComparer.Ordinal)
            .ToDictionary(group => group.Key, group => group.Sum(outcome => outcome.Count));

    private static double? Share(long part, long whole) => whole == 0 ? null : (double)part / whole;
}
