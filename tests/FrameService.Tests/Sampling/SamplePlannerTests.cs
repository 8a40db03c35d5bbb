using Deepfake.Contracts;
using Deepfake.FrameService.Sampling;
using FsCheck;
using FsCheck.Fluent;
using Xunit;

namespace Deepfake.FrameService.Tests.Sampling;

public sealed class SamplePlannerTests
{
    private static readonly FrameServiceOptions Options = new();

    [Fact]
    public void Strata_cover_the_whole_length_without_gaps_and_share_the_thirds_evenly() =>
        Prop.ForAll(Arb.From(Gen.Choose(1, 256)), Arb.From(Gen.Choose(1, 14_400_000)), (count, milliseconds) =>
        {
            var seconds = milliseconds / 1000.0;
            var strata = SamplePlanner.Strata(seconds, count);
            Assert.Equal(count, strata.Count);
            Assert.Equal(0, strata[0].Start);
            Assert.Equal(seconds, strata[^1].End, 9);
            for (var i = 1; i < count; i++) Assert.Equal(strata[i - 1].End, strata[i].Start, 6);
            Assert.All(strata, stratum => Assert.True(stratum.End > stratum.Start));
            if (count < 3) return;
            var thirds = Enumerable.Range(0, 3).Select(third => strata.Count(stratum => (int)(stratum.Middle / seconds * 3) == third)).ToList();
            Assert.InRange(thirds.Max() - thirds.Min(), 0, 1);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Candidates_ascend_lie_inside_their_stratum_and_never_touch_the_ends() =>
        Prop.ForAll(Arb.From(Gen.Choose(1, 64)), Arb.From(Gen.Choose(1, 8)), Arb.From(Gen.Choose(100, 1_000_000)), (count, perStratum, milliseconds) =>
        {
            var strata = SamplePlanner.Strata(milliseconds / 1000.0, count);
            var candidates = SamplePlanner.Candidates(strata, perStratum);
            Assert.Equal(count * perStratum, candidates.Count);
            Assert.True(candidates.Zip(candidates.Skip(1)).All(pair => pair.First < pair.Second));
            for (var i = 0; i < candidates.Count; i++)
            {
                Assert.True(candidates[i] > strata[i / perStratum].Start);
                Assert.True(candidates[i] < strata[i / perStratum].End);
            }
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void Taking_some_frames_evenly_takes_exactly_that_many() =>
        Prop.ForAll(Arb.From(Gen.Choose(1, 200)), Arb.From(Gen.Choose(1, 5000)), (frames, of) =>
        {
            var taken = Enumerable.Range(0, of).Where(n => SamplePlanner.IsTaken(n, frames, of)).ToList();
            Assert.Equal(Math.Min(frames, of), taken.Count);
            var gaps = taken.Zip(taken.Skip(1), (a, b) => b - a).DefaultIfEmpty(1).ToList();
            Assert.InRange(gaps.Max() - gaps.Min(), 0, 1);
        }).QuickCheckThrowOnFailure();

    [Fact]
    public void However_many_instants_there_are_the_filter_expression_stays_short() =>
        Prop.ForAll(Arb.From(Gen.Choose(1, 256)), Arb.From(Gen.Choose(1, 8)), Arb.From(Gen.Choose(1, 14_400_000)), (count, perStratum, milliseconds) =>
            Assert.InRange(SamplePlanner.Crossings(SamplePlanner.Candidates(SamplePlanner.Strata(milliseconds / 1000.0, count), perStratum)).Split("clip").Length - 1, 1, 8))
            .QuickCheckThrowOnFailure();

    [Fact]
    public void A_still_is_one_frame() =>
        Assert.Equal((SampleMode.Still, 1), Of(SamplePlanner.Plan(MediaKind.Image, 0, 1, 12_000_000, Options)));

    [Theory]
    [InlineData(10, 10)]
    [InlineData(64, 64)]
    [InlineData(65, 64)]
    [InlineData(3000, 64)]
    public void A_short_animation_gives_all_its_frames_a_long_one_the_cap(int frames, int taken) =>
        Assert.Equal((SampleMode.ByNumber, taken), Of(SamplePlanner.Plan(MediaKind.Animation, frames / 20.0, frames, 100_000, Options)));

    [Theory]
    [InlineData(30, 1920 * 1080, SampleMode.OnePass)]
    [InlineData(90, 1920 * 1080, SampleMode.OnePass)]
    [InlineData(1200, 1920 * 1080, SampleMode.Jumps)]
    [InlineData(7200, 1280 * 720, SampleMode.Jumps)]
    [InlineData(30, 7680 * 4320, SampleMode.Jumps)]
    [InlineData(600, 320 * 240, SampleMode.OnePass)]
    public void Long_or_large_films_are_jumped_through(double seconds, long pixels, SampleMode mode) =>
        Assert.Equal((mode, 32), Of(SamplePlanner.Plan(MediaKind.Video, seconds, (int)(seconds * 30), pixels, Options)));

    [Fact]
    public void A_film_of_a_few_frames_is_not_asked_for_more() =>
        Assert.Equal(5, SamplePlanner.Plan(MediaKind.Video, 0.2, 5, 100_000, Options).Frames);

    [Fact]
    public void A_film_of_unknown_length_is_taken_from_its_start() =>
        Assert.Equal((SampleMode.ByNumber, 32), Of(SamplePlanner.Plan(MediaKind.Video, 0, 0, 100_000, Options)));

    private static (SampleMode, int) Of(SamplePlan plan) => (plan.Mode, plan.Frames);
}
