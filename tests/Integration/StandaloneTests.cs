using Deepfake.Contracts;

namespace Deepfake.Integration;

public sealed class StandaloneTests
{
    [Fact]
    public async Task An_analysis_that_was_cut_off_by_SIGKILL_is_finished_after_the_restart()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var media = new TestMedia();
        var film = await media.FilmAsync(seconds: 40);
        using var data = new TemporaryFolder();
        await using var host = await Host.StartAsync("Standalone", new Dictionary<string, string> { ["DATA_PATH"] = data.Path });
        using var client = new ApiClient(host.Address);

        var id = await client.SubmitAsync(film, patience.Token);
        var before = await client.WaitAsync(id, analysis => analysis.Status != AnalysisStatus.Accepted, patience.Token);
        Assert.Equal(AnalysisStatus.Running, before.Status);
        await host.KillAsync();
        await host.StartAsync();

        var after = await client.WaitAsync(id, analysis => analysis.CompletedAt is not null, patience.Token);
        Assert.Equal(AnalysisStatus.Completed, after.Status);
        Assert.NotEmpty(after.Frames);
        Assert.Single(await client.ListAsync(patience.Token));
    }
}
