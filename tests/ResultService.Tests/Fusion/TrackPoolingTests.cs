using Deepfake.Contracts;
using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Tests.Fusion;

public sealed class TrackPoolingTests
{
    [Fact]
    public void Trimming_drops_the_ends_by_weight()
    {
        var settings = new PoolingSettings { Method = PoolingMethod.TrimmedMean, Trim = 0.1 };
        double[] logits = [100, 1, 2, 3, 4, 5, 6, 7, 8, -100], ones = [.. Enumerable.Repeat(1.0, 10)];

        Assert.Equal(4.5, TrackPooling.OverCrops(logits, ones, settings), 12);
        Assert.Equal(3.6, TrackPooling.OverCrops(logits, ones, settings with { Method = PoolingMethod.Mean }), 12);
        Assert.Equal(4.5, TrackPooling.OverCrops(logits, ones, settings with { Method = PoolingMethod.Median }), 12);
    }

    [Fact]
    public void The_upper_mean_sees_a_part_and_no_single_crop()
    {
        var settings = new PoolingSettings { Method = PoolingMethod.UpperMean };
        double[] part = [-4, -4, -4, -4, -4, -4, 3, 3, 3, 3], ones = [.. Enumerable.Repeat(1.0, 10)];

        Assert.Equal((3 * 4 - 4) / 5.0, TrackPooling.OverCrops(part, ones, settings), 12);
        Assert.Equal(-4 + 7 / 5.0, TrackPooling.OverCrops([3, .. Enumerable.Repeat(-4.0, 9)], ones, settings), 12);
        Assert.Equal(TrackPooling.OverCrops(part, ones, new PoolingSettings { Method = PoolingMethod.Mean }), TrackPooling.OverCrops(part, ones, settings with { Upper = 1 }), 12);
        Assert.Equal(2, TrackPooling.OverCrops([2], [0.3], settings), 12);
        Assert.Equal(3, TrackPooling.OverCrops([0, 1, 4], [1, 1, 1], settings), 12);
        Assert.Equal(3.5, TrackPooling.OverCrops([4, 3, 2, 1], [1, 1, 1, 1], settings), 12);
    }

    [Fact]
    public void Weights_count_as_repetitions()
    {
        foreach (var method in Enum.GetValues<PoolingMethod>())
        {
            var settings = new PoolingSettings { Method = method, Trim = 0.2 };
            Assert.Equal(
                TrackPooling.OverCrops([1, 5, 5, 5, 9], [1, 1, 1, 1, 1], settings),
                TrackPooling.OverCrops([1, 5, 9], [1, 3, 1], settings), 12);
        }
    }

    [Fact]
    public void One_track_keeps_its_value_and_equal_tracks_keep_theirs()
    {
        Assert.Equal(2.5, TrackPooling.OverTracks([2.5], 2));
        Assert.Equal(-3, TrackPooling.OverTracks([.. Enumerable.Repeat(-3.0, 100)], 2), 12);
    }

    [Fact]
    public void One_high_track_among_many_is_lowered_by_the_logarithm_of_their_number()
    {
        double[] crowd = [4, .. Enumerable.Repeat(-6.0, 9)];

        Assert.Equal(4 - Math.Log(10) / 2, TrackPooling.OverTracks(crowd, 2), 6);
        Assert.Equal(4, TrackPooling.OverTracks(crowd, 100), 1);
    }

    [Fact]
    public void Quality_weights_rise_with_size_sharpness_and_frontality_and_stay_inside_0_to_1()
    {
        var gates = new QualityGates();
        Assert.Equal(1, FaceQualityWeight.Of(Medium.Good, gates));
        Assert.True(FaceQualityWeight.Of(Medium.Small, gates) < FaceQualityWeight.Of(Medium.Good, gates));
        Assert.True(FaceQualityWeight.Of(Medium.Blurred, gates) < FaceQualityWeight.Of(Medium.Good, gates));
        Assert.Equal(0.5, FaceQualityWeight.Of(Medium.Good with { Yaw = -1 }, gates));
        Assert.True(FaceQualityWeight.Of(new FaceQuality { SizePixels = 0, Sharpness = 0, Brightness = 0, Yaw = 9, Roll = 0 }, gates) > 0);
    }

    [Fact]
    public void A_segment_needs_more_than_one_high_sample_and_ends_where_the_face_was_away()
    {
        var thresholds = new VerdictThresholds(0.5, 0.9);
        TimedScore[] spike = [new(0, 0.1), new(1, 0.1), new(2, 0.99), new(3, 0.1), new(4, 0.1)];
        TimedScore[] away = [new(0, 0.9), new(1, 0.9), new(2, 0.9), new(20, 0.9), new(21, 0.9)];

        Assert.Empty(SuspiciousSegments.Find(1, spike, 1, thresholds));
        Assert.Equal([(0.0, 2.5), (19.5, 21.0)], SuspiciousSegments.Find(1, away, 1, thresholds).Select(segment => (segment.StartSeconds, segment.EndSeconds)));
    }

    [Fact]
    public void A_stretch_is_suspicious_by_its_mean_and_neighbouring_ones_are_one()
    {
        var thresholds = new VerdictThresholds(0.5, 0.9);
        TimedScore[] Times(params double[] scores) => [.. scores.Select((score, i) => new TimedScore(i, score))];

        Assert.Empty(SuspiciousSegments.Find(1, Times(0.6, 0.6, 0.6, 0.6), 1, thresholds));
        double[] scores = [.. Enumerable.Repeat(0.05, 6), .. Enumerable.Repeat(0.8, 6), .. Enumerable.Repeat(0.995, 6), .. Enumerable.Repeat(0.6, 6)];
        var segment = SuspiciousSegments.Find(1, Times(scores), 1, thresholds).Single();
        Assert.Equal((5.5, 17.5, 0.8975), (segment.StartSeconds, segment.EndSeconds, segment.Score));
        Assert.Equal([6, 12, 18, 24], ChangePoints.Find([.. scores.Select(score => Logit.Of(score, 8))]));
    }

    [Fact]
    public void Score_dynamics_tell_stretches_from_flicker()
    {
        double[] stretch = [.. Enumerable.Range(0, 24).Select(i => i < 12 ? 0.05 : 0.95)], flicker = [.. Enumerable.Range(0, 24).Select(i => i % 2 == 0 ? 0.05 : 0.95)];

        Assert.True(ScoreDynamics.Measure(stretch).Values["runs_z"] < -4);
        Assert.True(ScoreDynamics.Measure(flicker).Values["runs_z"] > 4);
        Assert.Equal(0.9, ScoreDynamics.Measure(flicker).Score!.Value, 4);
        Assert.Equal(0, ScoreDynamics.Measure([.. Enumerable.Repeat(0.4, 24)]).Score);
        Assert.False(ScoreDynamics.Measure([0.1, 0.9]).Applicable);
    }

    [Theory]
    [InlineData(Verdict.Authentic, 0.39, RiskLevel.Low)]
    [InlineData(Verdict.Authentic, 0.4, RiskLevel.Medium)]
    [InlineData(Verdict.Authentic, 0.79, RiskLevel.Medium)]
    [InlineData(Verdict.Suspicious, 0.8, RiskLevel.High)]
    [InlineData(Verdict.Suspicious, 0.2, RiskLevel.High)]
    [InlineData(Verdict.Suspicious, 0.99, RiskLevel.High)]
    [InlineData(Verdict.Manipulated, 0.95, RiskLevel.Critical)]
    [InlineData(Verdict.Inconclusive, 0.1, RiskLevel.Low)]
    [InlineData(Verdict.Inconclusive, 0.4, RiskLevel.Medium)]
    [InlineData(Verdict.Inconclusive, 0.8, RiskLevel.High)]
    [InlineData(Verdict.Inconclusive, 0.95, RiskLevel.Critical)]
    public void Risk_follows_the_verdict(Verdict verdict, double probability, RiskLevel level) =>
        Assert.Equal(level, VerdictPolicy.Risk(verdict, probability, new VerdictThresholds(0.8, 0.95)));
}
