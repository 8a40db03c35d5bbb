using System.Net.Http.Json;
using Deepfake.Contracts;
using Deepfake.TestServers;

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

    [Fact]
    public async Task At_rest_it_makes_no_trace_and_an_analysis_makes_one()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var media = new TestMedia();
        using var data = new TemporaryFolder();
        await using var traces = await TraceCollector.StartAsync();
        await using var host = await Host.StartAsync("Standalone", new Dictionary<string, string>
        {
            ["DATA_PATH"] = data.Path,
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = traces.Address,
            ["OTEL_EXPORTER_OTLP_PROTOCOL"] = "http/protobuf",
            ["OTEL_BSP_SCHEDULE_DELAY"] = "500",
            ["Results__SweepInterval"] = "00:00:01",
            ["Results__JanitorInterval"] = "00:00:01",
            ["Ingest__SweepInterval"] = "00:00:01",
            ["Ingest__ExpiryInterval"] = "00:00:01",
        });
        using var http = new HttpClient { BaseAddress = host.Address };
        for (var i = 0; i < 8; i++)
        {
            // Some turns of everything that sweeps or polls, each probed.
            await http.GetStringAsync(new Uri("/health", UriKind.Relative), patience.Token);
            await http.GetStringAsync(new Uri("/alive", UriKind.Relative), patience.Token);
            await Task.Delay(TimeSpan.FromSeconds(1), patience.Token);
        }

        Assert.Empty(traces.Spans.Select(span => $"{span.Scope}: {span.Name}"));

        using var client = new ApiClient(host.Address);
        var id = await client.SubmitAsync(await media.PhotoAsync("face.jpg"), patience.Token);
        await client.WaitAsync(id, analysis => analysis.CompletedAt is not null, patience.Token);
        while (!traces.Spans.Any(span => span.Name == "announce")) await Task.Delay(200, patience.Token);
        Assert.Single(traces.TracesOf(id));
    }
}
