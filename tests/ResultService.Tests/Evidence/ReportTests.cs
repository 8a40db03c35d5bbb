using System.Net;
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
        Assert.Equal(2, html.Split("data:image/png;base64,").Length - 1); // the face and its heat map
        Assert.DoesNotContain("<script", html, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("http", html, StringComparison.Ordinal);
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

        await host.Bus.Publish(submission.Frames());
        for (var shard = 0; shard < Submission.Shards; shard++)
            await host.Bus.Publish(submission.Inference(shard) with { HeatMapKey = ObjectKeys.HeatMaps("default", submission.Id, shard) });
        await host.Bus.Publish(submission.Forensics());
        await host.WaitForEndAsync(submission.Id);
        return submission;
    }
}
