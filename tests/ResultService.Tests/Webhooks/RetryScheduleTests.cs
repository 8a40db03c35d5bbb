using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class RetryScheduleTests
{
    [Fact]
    public void The_standard_schedule_is_that_of_the_specification()
    {
        var since = TimeSpan.Zero;
        var times = new List<string> { "00:00:00" };
        for (var failures = 1; RetrySchedule.Next(RetrySchedule.Standard, failures, null, 0) is { } wait; failures++)
        {
            since += wait;
            times.Add($"{(int)since.TotalHours:D2}:{since:mm\\:ss}");
        }

        Assert.Equal(["00:00:00", "00:00:05", "00:05:05", "00:35:05", "02:35:05", "07:35:05", "17:35:05", "31:35:05", "51:35:05", "75:35:05"], times);
    }

    [Fact]
    public void Chance_adds_up_to_a_fifth_and_never_takes_away()
    {
        var waits = Enumerable.Range(0, 100).Select(i => RetrySchedule.Next(RetrySchedule.Standard, 2, null, i / 100d)!.Value).ToArray();
        Assert.Equal(TimeSpan.FromMinutes(5), waits.Min());
        Assert.InRange(waits.Max(), TimeSpan.FromMinutes(5.9), TimeSpan.FromMinutes(6));
    }

    [Theory]
    [InlineData(3, "00:05:00")]
    [InlineData(600, "00:10:00")]
    [InlineData(90_000, "1.00:00:00")]
    [InlineData(-5, "00:05:00")]
    public void What_the_receiver_asks_for_counts_if_it_is_longer_up_to_a_day(int seconds, string expected) =>
        Assert.Equal(TimeSpan.Parse(expected), RetrySchedule.Next(RetrySchedule.Standard, 2, TimeSpan.FromSeconds(seconds), 0));
}
