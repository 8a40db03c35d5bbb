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
    [InlineData(10, 25, 35.0)]
    [InlineData(30, 65, 15.0)]
    [InlineData(10, 95, 0.0)]
    [InlineData(500, 10, 100.0)] // never past the deadline
    [InlineData(700, 10, 0.0)]
    [InlineData(10, 5, null)] // too early to say
    [InlineData(10, 4, null)]
    [InlineData(0, 50, null)]
    [InlineData(-5, 50, null)] // clocks of two machines
    public void Without_recent_ones_the_rest_goes_as_fast_as_the_part_that_is_done(double elapsed, double percent, double? remaining) =>
        Assert.Equal(remaining, Remaining(elapsed, percent, null));

    [Theory]
    [InlineData(0, 5, 30.0)]
    [InlineData(5, 25, 25.0)]
    [InlineData(10, 45, 20.0)]
    [InlineData(20, 70, 10.0)]
    [InlineData(30, 95, 0.0)]
    [InlineData(20, 45, 28.9)] // twice as slow so far: 4/9 of the doubling is believed
    [InlineData(5, 45, 15.6)]
    [InlineData(1000, 45, 46.7)] // a freak counts as four times as slow at most
    [InlineData(0, 50, 11.2)]
    public void With_recent_ones_the_rest_takes_what_theirs_took_stretched_by_the_own_pace(double elapsed, double percent, double remaining) =>
        Assert.Equal(remaining, Remaining(elapsed, percent, new StagePace(10, 20), time: 100_000)!.Value, 1);

    [Fact]
    public void What_is_over_waits_or_has_no_begin_has_no_rest()
    {
        var record = Record(TimeSpan.FromHours(1));
        Assert.Null(Progress.SecondsRemaining(record, AnalysisStatus.Completed, 100, Accepted, Accepted.AddSeconds(5), new StagePace(1, 1)));
        Assert.Null(Progress.SecondsRemaining(record, AnalysisStatus.Accepted, 0, null, Accepted.AddSeconds(5), new StagePace(1, 1)));
        Assert.Null(Progress.SecondsRemaining(record, AnalysisStatus.Running, 1, Accepted, Accepted.AddSeconds(5), new StagePace(1, 1)));
        Assert.Null(Progress.SecondsRemaining(record, AnalysisStatus.Running, 50, null, Accepted.AddSeconds(5), new StagePace(1, 1)));
    }

    [Fact]
    public void Paces_are_medians_of_the_recent_ones_of_the_same_kind()
    {
        var paces = new StagePaces();
        foreach (var seconds in new[] { 1, 100 }) paces.Learn(MediaFormat.Mp4, TimeSpan.FromSeconds(seconds), TimeSpan.FromSeconds(2 * seconds));
        Assert.Null(paces.Find(MediaFormat.Mp4));
        paces.Learn(MediaFormat.Mkv, TimeSpan.FromSeconds(3), TimeSpan.FromSeconds(5));
        paces.Learn(MediaFormat.Mkv, TimeSpan.FromSeconds(-3), TimeSpan.FromSeconds(5));
        Assert.Equal(new StagePace(3, 5), paces.Find(MediaFormat.Webm));
        Assert.Null(paces.Find(MediaFormat.Jpeg));
        for (var i = 0; i < 32; i++) paces.Learn(MediaFormat.Mov, TimeSpan.FromSeconds(7), TimeSpan.FromSeconds(8));
        Assert.Equal(new StagePace(7, 8), paces.Find(MediaFormat.Mp4));
    }

    private static double? Remaining(double elapsed, double percent, StagePace? typical, double time = 600) =>
        Progress.SecondsRemaining(Record(TimeSpan.FromSeconds(time)), AnalysisStatus.Running, percent, Accepted, Accepted.AddSeconds(elapsed), typical);
}
