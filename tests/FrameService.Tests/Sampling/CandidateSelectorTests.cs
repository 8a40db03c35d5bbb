using Deepfake.FrameService.Sampling;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Deepfake.FrameService.Tests.Sampling;

public sealed class CandidateSelectorTests
{
    private static readonly Stratum[] Two = [new(0, 3), new(3, 6)];

    [Fact]
    public void The_candidate_nearest_the_middle_wins() => Assert.Equal([1.5, 4.5], Select(Two, Plain(0.5), Plain(1.5), Plain(2.5), Plain(3.5), Plain(4.5), Plain(5.5)));

    [Fact]
    public void The_first_after_a_change_of_scene_wins() =>
        Assert.Equal([2.5, 4.5], Select(Two, Plain(0.5), Plain(1.5), new(2.5, false, true), Plain(3.5), Plain(4.5), Plain(5.5)));

    [Fact]
    public void A_black_one_is_taken_only_where_there_is_no_other() =>
        Assert.Equal([0.5, 4.5], Select(Two, Plain(0.5), new(1.5, true, true), new(3.5, true, false), new(4.5, true, false)));

    [Fact]
    public void A_stratum_without_candidates_gives_nothing() => Assert.Equal([4.5], Select(Two, Plain(4.5)));

    [Fact]
    public void Every_candidate_either_wins_or_is_handed_back_once() =>
        Prop.ForAll(Arb.From(Gen.ListOf(Gen.Choose(0, 9999))), Arb.From(Gen.Choose(1, 40)), (times, count) =>
        {
            var strata = SamplePlanner.Strata(10, count);
            var selector = new CandidateSelector<object>(strata);
            var (given, back, won) = (new List<object>(), new List<object>(), new List<double>());
            foreach (var time in times.Order())
            {
                var candidate = (object)(time / 1000.0);
                given.Add(candidate);
                if (selector.Offer(candidate, new((double)candidate, time % 7 == 0, time % 5 == 0), out var loser) is { } winner) won.Add((double)winner);
                if (loser is not null) back.Add(loser);
            }

            if (selector.Finish() is { } last) won.Add((double)last);
            Assert.Equal(given.Count, back.Count + won.Count);
            Assert.Equal(won.Order(), won);
            var strataHit = won.Select(time => strata.TakeWhile(stratum => stratum.End <= time).Count()).ToList();
            Assert.Equal(strataHit.Distinct(), strataHit);
        }).QuickCheckThrowOnFailure();

    private static CandidateFeatures Plain(double seconds) => new(seconds, false, false);

    private static List<double> Select(IReadOnlyList<Stratum> strata, params CandidateFeatures[] candidates)
    {
        var selector = new CandidateSelector<object>(strata);
        var winners = new List<double>();
        foreach (var candidate in candidates)
        {
            if (selector.Offer(candidate.Seconds, candidate, out _) is double winner) winners.Add(winner);
        }

        if (selector.Finish() is double last) winners.Add(last);
        return winners;
    }
}
