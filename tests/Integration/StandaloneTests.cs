using System.Net.Http.Json;
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

    [Fact]
    public async Task A_batch_that_was_cut_off_by_SIGKILL_comes_to_its_summary()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var media = new TestMedia();
        var photo = await media.PhotoAsync("face.jpg");
        using var data = new TemporaryFolder();
        await using var host = await Host.StartAsync("Standalone", new Dictionary<string, string> { ["DATA_PATH"] = data.Path });
        using var http = new HttpClient { BaseAddress = host.Address };
        using var form = new MultipartFormDataContent();
        foreach (var path in new[] { photo, TestMedia.HalfOf(photo), photo }) form.Add(new ByteArrayContent(await File.ReadAllBytesAsync(path)), "file", Path.GetFileName(path));
        form.Add(new ByteArrayContent("no picture"u8.ToArray()), "file", "notes.txt");

        using var accepted = await http.PostAsync(new Uri("/v1/batches", UriKind.Relative), form);
        await host.KillAsync();
        Assert.Equal(202, (int)accepted.StatusCode);
        await host.StartAsync();

        Batch? batch;
        do
        {
            await Task.Delay(200, patience.Token);
            batch = await http.GetFromJsonAsync<Batch>(accepted.Headers.Location, DeepfakeJson.Options, patience.Token);
        }
        while (batch!.Status == BatchStatus.Running);
        Assert.Equal([BatchItemStatus.Completed, BatchItemStatus.Failed, BatchItemStatus.Completed, BatchItemStatus.Rejected], batch.Items!.Select(item => item.Status));
        Assert.Equal([null, ErrorCodes.Truncated, null, ErrorCodes.UnsupportedMedia], batch.Items!.Select(item => item.Error?.Code));
        using var client = new ApiClient(host.Address);
        Assert.Equal(3, (await client.ListAsync(patience.Token)).Count);
    }
}
