namespace Deepfake.IngestService.Tests.Idempotency;

[Collection(RealServers.Collection)]
public sealed class IdempotencyOverServersTests(RealServers servers)
{
    [Fact]
    public async Task A_thousand_replays_at_once_make_one_analysis()
    {
        await using var host = await IngestHost.StartAsync(null, await servers.SettingsAsync());
        await Replays.AssertOneAsync(host, SampleMedia.Make("jpg:-frames:v 1"), 1000);
    }

    [Fact]
    public async Task Two_services_on_the_same_stores_make_one_analysis_together()
    {
        var settings = await servers.SettingsAsync();
        await using var one = await IngestHost.StartAsync(null, settings);
        await using var other = await IngestHost.StartAsync(null, settings);
        var jpeg = SampleMedia.Make("jpg:-frames:v 1");

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
            await Answers.IsAcceptedAsync(await (i % 2 == 0 ? one : other).PostRawAsync(jpeg, "", "image/jpeg", ("Idempotency-Key", "k")))));

        Assert.Single(answers.Select(analysis => analysis.Id).Distinct());
        Assert.Equal(1, await one.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Single(one.Inbox.Received.Concat(other.Inbox.Received));
    }
}
