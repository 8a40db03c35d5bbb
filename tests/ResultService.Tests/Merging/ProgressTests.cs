using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.ResultService.Merging;

namespace Deepfake.ResultService.Tests.Merging;

public sealed class ProgressTests
{
    private static readonly DateTimeOffset Accepted = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static AnalysisRecord Record(TimeSpan time) => new()
    {
        Id = "an_1",
        Tenant = "default",
        Lane = Lane.Interactive,
        MediaKey = "",
        Format = MediaFormat.Mp4,
        SizeBytes = 1,
        Sha256 = "",
        AcceptedAt = Accepted,
        Deadline = Accepted + time,
    };

    [Theory]
    [InlineData(Stage.Frames, 0, 5)]
    [InlineData(Stage.Frames, 1, 44)]
    [InlineData(Stage.Frames, double.NaN, 5)]
    [InlineData(Stage.Frames, 17, 44)]
    [InlineData(Stage.Scoring, 0, 45)]
    [InlineData(Stage.Scoring, 0.5, 70)]
    [InlineData(Stage.Scoring, 1, 95)]
    [InlineData(Stage.Done, 0, 100)]
    public void Stages_share_one_scale(Stage stage, double fraction, double percent) => Assert.Equal(percent, Progress.Percent(stage, fraction));

    [Theory]
    [InlineData(10, 50, 10.0)]
    [InlineData(10, 25, 30.0)]
    [InlineData(30, 75, 10.0)]
    [InlineData(500, 10, 100.0)] // never past the deadline
    [InlineData(700, 10, 0.0)]
    [InlineData(10, 4, null)] // too early to say
    [InlineData(0, 50, null)]
    public void The_rest_goes_as_fast_as_the_part_that_is_done(double elapsed, double percent, double? remaining) =>
        Assert.Equal(remaining, Progress.SecondsRemaining(Record(TimeSpan.FromSeconds(600)), AnalysisStatus.Running, percent, Accepted.AddSeconds(elapsed)));

    [Fact]
    public void What_is_over_or_not_begun_has_no_rest()
    {
        Assert.Null(Progress.SecondsRemaining(Record(TimeSpan.FromHours(1)), AnalysisStatus.Completed, 100, Accepted.AddSeconds(5)));
        Assert.Null(Progress.SecondsRemaining(Record(TimeSpan.FromHours(1)), AnalysisStatus.Accepted, 0, Accepted.AddSeconds(5)));
    }
}
