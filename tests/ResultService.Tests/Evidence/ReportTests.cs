using System.Net;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.Infrastructure.Packs;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Evidence;

public sealed class ReportTests
{
    [Fact]
    public async Task A_report_is_one_file_that_brings_everything_and_may_do_nothing()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await EndedAsync(host);

        using var answer = await host.Client.GetAsync(new Uri($"/v1/analyses/{submission.Id}/report", UriKind.Relative));
        var html = await answer.Content.ReadAsStringAsync();

        Assert.Equal("text/html", answer.Content.Headers.ContentType!.MediaType);
        Assert.Contains("sandbox", answer.Headers.GetValues("Content-Security-Policy").Single(), StringComparison.Ordinal);
        Assert.Contains("Likely manipulated", html, StringComparison.Ordinal);
        Assert.Contains("Face 1 scores", html, StringComparison.Ordinal);
        Assert.Contains(new string('a', 64), html, StringComparison.Ordinal);
        Assert.Contains("<polyline", html, StringComparison.Ordinal);
        Assert.Equal(3, html.Split("data:image/png;base64,").Length - 1); // the face, its heat map, its frame
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_report_for_machines_brings_the_record_the_words_and_the_pictures()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await EndedAsync(host);

        using var answer = await host.Client.GetAsync(new Uri($"/v1/analyses/{submission.Id}/report.json", UriKind.Relative));
        using var report = JsonDocument.Parse(await answer.Content.ReadAsStreamAsync());

        Assert.Equal("application/json", answer.Content.Headers.ContentType!.MediaType);
        var root = report.RootElement;
        Assert.Equal("Likely manipulated", root.GetProperty("title").GetString());
        Assert.Equal(new string('a', 64), root.GetProperty("analysis").GetProperty("media").GetProperty("sha256").GetString());
        Assert.Equal(16, root.GetProperty("analysis").GetProperty("frames").GetArrayLength());
        Assert.NotEqual(0, root.GetProperty("limits").GetArrayLength());
        var pictures = root.GetProperty("pictures")[0];
        Assert.Equal(1, pictures.GetProperty("track_id").GetInt32());
        foreach (var name in new[] { "face", "heat_map", "frame" })
            Assert.Equal("PNG"u8, pictures.GetProperty(name).GetBytesFromBase64().AsSpan(1, 3));
        using var unknown = await host.Client.GetAsync(new Uri("/v1/analyses/an_unknown/report.json", UriKind.Relative));
        await ResultHost.AssertProblemAsync(unknown, HttpStatusCode.NotFound, ErrorCodes.NotFound);
        using var running = await host.Client.GetAsync(new Uri($"/v1/analyses/{(await Submission.CreateAsync(host)).Id}/report.json", UriKind.Relative));
        await ResultHost.AssertProblemAsync(running, HttpStatusCode.Conflict, ErrorCodes.NotEnded);
    }

    [Fact]
    public async Task A_frame_is_shown_around_its_face_and_missed_when_it_is_gone()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await EndedAsync(host);
        var link = new Uri((await host.GetAsync(submission.Id)).Faces[0].Frame!, UriKind.Relative);

        using var answer = await host.Client.GetAsync(link);
        var png = await answer.Content.ReadAsByteArrayAsync();
        Assert.Equal("89504e470d0a1a0a0000000d494844520000028000000168", Convert.ToHexStringLower(png.AsSpan(0, 24))); // 640 × 360

        Assert.DoesNotContain(ObjectKeys.FramePack("default", submission.Id), await host.KeysAsync(submission.Id));
        await host.Objects.DeleteAsync(ObjectKeys.ShownFrames("default", submission.Id), CancellationToken.None);
        using var gone = await host.Client.GetAsync(link);
        await ResultHost.AssertProblemAsync(gone, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task What_a_client_named_its_file_is_text()
    {
        await using var host = await ResultHost.StartAsync();
        var writer = host.Get<ResultService.Evidence.ReportWriter>();
        var submission = await EndedAsync(host);
        var analysis = await host.GetAsync(submission.Id) with { FileName = "<img src=x onerror=alert(1)>&\"'.mp4" };

        var html = await writer.WriteAsync(await writer.GatherAsync("default", analysis, CancellationToken.None));

        Assert.DoesNotContain("<img src=x", html, StringComparison.Ordinal);
        Assert.Contains("&lt;img src=x onerror=alert(1)&gt;", html, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Every_ending_has_a_report()
    {
        await using var host = await ResultHost.StartAsync();
        var writer = host.Get<ResultService.Evidence.ReportWriter>();
        var analysis = new Analysis
        {
            Id = "an_1",
            Status = AnalysisStatus.Failed,
            Stage = Stage.Done,
            Progress = 100,
            CreatedAt = host.Clock.GetUtcNow(),
            Media = new MediaSummary { Format = MediaFormat.Mp4, Sha256 = new string('b', 64), SizeBytes = 5_000_000 },
            Error = new AnalysisError(ErrorCodes.Corrupt, "The file cannot be decoded."),
        };

        var failed = await writer.WriteAsync(await writer.GatherAsync("default", analysis, CancellationToken.None));
        var faceless = await writer.WriteAsync(await writer.GatherAsync(
            "default", analysis with { Status = AnalysisStatus.Completed, Error = null, Verdict = Verdict.Inconclusive, Reasons = [ReasonCodes.NoFace] }, CancellationToken.None));

        Assert.Contains("The file cannot be decoded.", failed, StringComparison.Ordinal);
        Assert.Contains("4.8 MiB", failed, StringComparison.Ordinal);
        Assert.Contains("No answer possible", faceless, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_running_analysis_has_no_report_yet_and_an_unknown_one_none()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        Assert.Equal(HttpStatusCode.Conflict, (await host.Client.GetAsync(new Uri($"/v1/analyses/{submission.Id}/report", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync(new Uri("/v1/analyses/an_unknown/report", UriKind.Relative))).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync(new Uri($"/v1/analyses/{submission.Id}/faces/1/heatmap", UriKind.Relative))).StatusCode);
    }

    private static async Task<Submission> EndedAsync(ResultHost host)
    {
        var submission = await Submission.CreateAsync(host);
        for (var shard = 0; shard < Submission.Shards; shard++)
        {
            using var pack = new MemoryStream();
            await new HeatMapPack([new HeatMaps("a", 1.3f, 2, 2, new byte[8 * 4])]).WriteAsync(pack, CancellationToken.None);
            pack.Position = 0;
            await host.Objects.PutAsync(ObjectKeys.HeatMaps("default", submission.Id, shard), pack, "application/octet-stream", CancellationToken.None);
        }

        using var frames = new MemoryStream();
        await new FramePack
        {
            Thumbnails = new ByteTensor("thumbnails", [submission.Index.Frames.Count, 180, 320, 3], new byte[submission.Index.Frames.Count * 180 * 320 * 3]),
            Seconds = [.. submission.Index.Frames.Select(frame => frame.Seconds)],
            Windows = [],
            WindowPixels = [],
        }.WriteAsync(frames, CancellationToken.None);
        frames.Position = 0;
        await host.Objects.PutAsync(ObjectKeys.FramePack("default", submission.Id), frames, "application/octet-stream", CancellationToken.None);

        await host.Bus.Publish(submission.Frames());
        for (var shard = 0; shard < Submission.Shards; shard++)
            await host.Bus.Publish(submission.Inference(shard) with { HeatMapKey = ObjectKeys.HeatMaps("default", submission.Id, shard) });
        await host.Bus.Publish(submission.Forensics());
        await host.WaitForEndAsync(submission.Id);
        await Eventually.TrueAsync(async () => (await host.KeysAsync(submission.Id)).All(key => key != ObjectKeys.FramePack("default", submission.Id)), "what is shown is kept");
        return submission;
    }
}
