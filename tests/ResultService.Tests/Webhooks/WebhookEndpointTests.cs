using Deepfake.ResultService.Webhooks;

namespace Deepfake.ResultService.Tests.Webhooks;

public sealed class WebhookEndpointTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan FiveDays = TimeSpan.FromDays(5);
    private static readonly WebhookEndpoint Endpoint = new() { Url = "https://receiver.example/hook", Secrets = [new SigningSecret("first", null)] };

    [Fact]
    public void Five_days_of_nothing_but_failures_switch_it_off()
    {
        var failing = Endpoint.After(Answer(500), Start, FiveDays);
        Assert.Equal((true, Start), (failing.Enabled, failing.FailingSince));
        Assert.Same(failing, failing.After(Answer(null), Start + FiveDays - TimeSpan.FromTicks(1), FiveDays));
        var off = failing.After(Answer(302), Start + FiveDays, FiveDays);
        Assert.Equal((false, DisabledReasons.Failing, Start + FiveDays), (off.Enabled, off.DisabledReason, off.DisabledAt));
    }

    [Fact]
    public void A_success_in_between_begins_the_count_anew()
    {
        var working = Endpoint.After(Answer(500), Start, FiveDays).After(Answer(204), Start + FiveDays, FiveDays);
        Assert.Null(working.FailingSince);
        Assert.True(working.After(Answer(500), Start + FiveDays, FiveDays).Enabled);
        Assert.Same(working, working.After(Answer(200), Start, FiveDays));
    }

    [Fact]
    public void Gone_switches_it_off_at_once_but_not_the_one_that_stands_for_many()
    {
        Assert.Equal((false, DisabledReasons.Gone), (Endpoint.After(Answer(410), Start, FiveDays).Enabled, Endpoint.After(Answer(410), Start, FiveDays).DisabledReason));
        var many = new WebhookEndpoint();
        Assert.Same(many, many.After(Answer(410), Start, FiveDays));
    }

    [Fact]
    public void Switching_it_on_again_forgives()
    {
        var on = Endpoint.After(Answer(410), Start, FiveDays).Switch(true);
        Assert.Equal((true, null, null, null), (on.Enabled, on.DisabledReason, on.DisabledAt, on.FailingSince));
    }

    [Fact]
    public void A_rotated_secret_goes_on_signing_for_a_day_and_a_second_rotation_does_not_prolong_it()
    {
        var day = TimeSpan.FromDays(1);
        var twice = Endpoint.Rotate("second", Start, day).Rotate("third", Start.AddHours(1), day);
        Assert.Equal([new("third", null), new("second", Start.AddHours(25)), new SigningSecret("first", Start.AddHours(24))], twice.Secrets);
        Assert.Equal(["fourth", "third", "second"], twice.Rotate("fourth", Start.AddHours(24), day).Secrets.Select(secret => secret.Value));
        var many = Enumerable.Range(0, 20).Aggregate(Endpoint, (endpoint, i) => endpoint.Rotate($"s{i}", Start, day));
        Assert.Equal(["s19", "s18", "s17", "s16", "s15"], many.Secrets.Select(secret => secret.Value));
    }

    [Theory]
    [InlineData("analysis.completed", true)]
    [InlineData("analysis.failed", false)]
    public void It_is_told_of_what_it_asked_for(string type, bool wanted)
    {
        Assert.Equal(wanted, (Endpoint with { EventTypes = ["analysis.completed"] }).Wants(type));
        Assert.True(Endpoint.Wants(type), "no filter lets everything pass");
        Assert.False((Endpoint with { Enabled = false }).Wants(type));
    }

    private static DeliveryAttempt Answer(int? status) => new() { At = Start, StatusCode = status, LatencyMs = 1 };
}
