using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Api;

public sealed class AnalysisEndpointsTests
{
    [Fact]
    public async Task A_running_analysis_shows_what_is_known_by_now_and_no_verdict()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var accepted = await host.GetAsync(submission.Id);
        Assert.Equal((AnalysisStatus.Accepted, Stage.Queued, 0.0, "clip.mp4"), (accepted.Status, accepted.Stage, accepted.Progress, accepted.FileName));
        Assert.Null(accepted.SecondsRemaining);

        var deliveries = submission.Deliveries(host);
        await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0), CancellationToken.None);
        host.Clock.Advance(TimeSpan.FromSeconds(8));
        await deliveries[0]();
        await deliveries[1]();
        var running = await host.GetAsync(submission.Id);

        Assert.Equal((AnalysisStatus.Running, Stage.Scoring), (running.Status, running.Stage));
        Assert.Equal((MediaKind.Video, 1920), (running.Media.Kind, running.Media.Width));
        Assert.Equal(0.95, Assert.Single(running.Faces).Score!.Value, 3);
        Assert.NotNull(running.Frames[0].Score);
        Assert.Null(running.Frames[^1].Score);
        Assert.Equal((null, null, null), (running.Verdict, running.Probability, running.CompletedAt));
        Assert.InRange(running.SecondsRemaining!.Value, 1, 20);
    }

    [Fact]
    public async Task Json_is_snake_case_and_an_end_is_readable_again_and_again()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.PublishAllAsync(host);
        await host.WaitForEndAsync(submission.Id);

        var json = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses/{submission.Id}");
        Assert.Equal("manipulated", json.GetProperty("verdict").GetString());
        Assert.Equal("critical", json.GetProperty("risk_level").GetString());
        Assert.True(json.GetProperty("is_deepfake").GetBoolean());
        Assert.Equal(JsonValueKind.Null, json.GetProperty("seconds_remaining").ValueKind);
        Assert.Equal(1, json.GetProperty("frames")[0].GetProperty("faces")[0].GetProperty("track_id").GetInt32());
        Assert.Equal(json.GetRawText(), (await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses/{submission.Id}")).GetRawText());
    }

    [Theory]
    [InlineData("GET", "/v1/analyses/an_unknown")]
    [InlineData("DELETE", "/v1/analyses/an_unknown")]
    [InlineData("POST", "/v1/analyses/an_unknown/cancel")]
    [InlineData("GET", "/v1/analyses/an_unknown/faces/1")]
    [InlineData("GET", "/v1/analyses/..%2F..%2Fetc%2Fpasswd")]
    [InlineData("DELETE", "/v1/analyses/..%2Fother")]
    public async Task What_is_not_there_is_a_problem_with_a_code(string method, string path)
    {
        await using var host = await ResultHost.StartAsync();
        using var response = await host.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), path));
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task The_list_pages_through_the_history_newest_first()
    {
        await using var host = await ResultHost.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            var submission = await Submission.CreateAsync(host);
            host.Clock.Advance(TimeSpan.FromSeconds(1));
            if (i < 4) await submission.PublishAllAsync(host);
            else await host.Bus.Publish(submission.Failure());
            await host.WaitForEndAsync(submission.Id);
            ids.Insert(0, submission.Id);
        }

        var seen = new List<string>();
        string? cursor = null;
        do
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses?limit=2&cursor={Uri.EscapeDataString(cursor ?? "")}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString();
        }
        while (cursor is not null);
        Assert.Equal(ids, seen);

        var failed = await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses?status=failed");
        Assert.Equal(ErrorCodes.Corrupt, Assert.Single(failed.GetProperty("items").EnumerateArray()).GetProperty("error_code").GetString());
        Assert.Equal(4, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses?verdict=manipulated")).GetProperty("items").GetArrayLength());

        var waiting = await Submission.CreateAsync(host);
        var unfinished = await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses?status=accepted");
        Assert.Equal(waiting.Id, Assert.Single(unfinished.GetProperty("items").EnumerateArray()).GetProperty("id").GetString());

        var statistics = await host.Client.GetFromJsonAsync<JsonElement>("/v1/statistics");
        Assert.Equal((5, 1), (statistics.GetProperty("total").GetInt64(), statistics.GetProperty("unfinished").GetInt64()));
        Assert.Equal(4, statistics.GetProperty("by_verdict").GetProperty("manipulated").GetInt64());
    }

    [Theory]
    [InlineData("limit=0")]
    [InlineData("limit=201")]
    [InlineData("limit=ten")]
    [InlineData("verdict=maybe")]
    [InlineData("verdict=1")]
    [InlineData("status=Completed")]
    [InlineData("cursor=%00%ff")]
    [InlineData("cursor=not-a-cursor!")]
    [InlineData("status=running&cursor=not-a-cursor!")]
    [InlineData("kind=film")]
    [InlineData("sha256=abc")]
    [InlineData("min_score=-1")]
    [InlineData("max_score=NaN")]
    [InlineData("max_score=101")]
    [InlineData("from=yesterday")]
    [InlineData("to=2026-13-01")]
    public async Task A_wrong_query_is_a_problem_with_a_code(string query)
    {
        await using var host = await ResultHost.StartAsync();
        using var response = await host.Client.GetAsync("/v1/analyses?" + query);
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Cancelling_ends_an_analysis_once()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);

        using var first = await host.Client.PostAsync($"/v1/analyses/{submission.Id}/cancel", null);
        Assert.Equal(AnalysisStatus.Cancelled, (await first.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options))!.Status);
        using var second = await host.Client.PostAsync($"/v1/analyses/{submission.Id}/cancel", null);
        await ResultHost.AssertProblemAsync(second, HttpStatusCode.Conflict, ErrorCodes.AlreadyEnded);

        await submission.PublishAllAsync(host);
        await host.WaitForEndAsync(submission.Id);
        Assert.Equal(AnalysisStatus.Cancelled, (await host.GetAsync(submission.Id)).Status);
        Assert.Empty(await host.KeysAsync(submission.Id));
    }

    [Fact]
    public async Task A_race_of_cancelling_and_completing_has_one_winner_that_everybody_names()
    {
        await using var host = await ResultHost.StartAsync();
        for (var round = 0; round < 20; round++)
        {
            var submission = await Submission.CreateAsync(host);
            var deliveries = submission.Deliveries(host);
            foreach (var delivery in deliveries[..3]) await delivery();

            var cancelling = host.Client.PostAsync($"/v1/analyses/{submission.Id}/cancel", null);
            await Task.WhenAll(Task.Run(deliveries[3]), cancelling);

            var status = (await host.WaitForEndAsync(submission.Id)).Status;
            Assert.Equal(status == AnalysisStatus.Cancelled ? HttpStatusCode.OK : HttpStatusCode.Conflict, (await cancelling).StatusCode);
            Assert.Equal(status, Assert.Single(host.Completed(submission.Id)).Status);
            Assert.Equal(status, (await host.History.FindAsync("default", submission.Id, CancellationToken.None))!.Status);
            Assert.Equal(status == AnalysisStatus.Cancelled ? 0 : 4, (await host.KeysAsync(submission.Id)).Count);
        }
    }

    [Fact]
    public async Task A_face_is_served_as_a_picture_that_cannot_run_anything()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using var response = await host.Client.GetAsync($"/v1/analyses/{submission.Id}/faces/1");

        Assert.Equal("image/png", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(response.Headers.GetValues("X-Content-Type-Options")));
        Assert.Equal("default-src 'none'; sandbox", Assert.Single(response.Headers.GetValues("Content-Security-Policy")));
        Assert.True(response.Headers.CacheControl?.Private);
        Assert.Equal("inline; filename=\"face-1.png\"", response.Content.Headers.ContentDisposition?.ToString());
        var png = await response.Content.ReadAsByteArrayAsync();
        Assert.Equal("89504e470d0a1a0a0000000d494844520000010000000100", Convert.ToHexStringLower(png.AsSpan(0, 24)));

        using var missing = await host.Client.GetAsync($"/v1/analyses/{submission.Id}/faces/2");
        await ResultHost.AssertProblemAsync(missing, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task The_description_names_every_address_of_this_service_and_no_other()
    {
        await using var host = await ResultHost.StartAsync();
        var document = await host.Client.GetFromJsonAsync<JsonElement>("/openapi/result.json");

        Assert.StartsWith("3.1", document.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.Equal(
            [
                "/v1/analyses",
                "/v1/analyses.csv",
                "/v1/analyses/{id}",
                "/v1/analyses/{id}/cancel",
                "/v1/analyses/{id}/events",
                "/v1/analyses/{id}/faces/{trackId}",
                "/v1/analyses/{id}/faces/{trackId}/frame",
                "/v1/analyses/{id}/faces/{trackId}/heatmap",
                "/v1/analyses/{id}/report",
                "/v1/analyses/{id}/report.json",
                "/v1/analyses/{id}/reprocess",
                "/v1/analyses/{id}/review",
                "/v1/analyses/{id}/versions",
                "/v1/analyses/{id}/versions/{version}",
                "/v1/analyses/{id}/versions/{version}/changes",
                "/v1/analyses/{id}/ws",
                "/v1/deletions",
                "/v1/deletions/{deletionId}",
                "/v1/ground-truth",
                "/v1/retention",
                "/v1/statistics",
                "/v1/webhooks",
                "/v1/webhooks/deliveries/{deliveryId}",
                "/v1/webhooks/deliveries/{deliveryId}/replay",
                "/v1/webhooks/{webhookId}",
                "/v1/webhooks/{webhookId}/deliveries",
                "/v1/webhooks/{webhookId}/rotate",
                "/v1/webhooks/{webhookId}/test",
            ],
            document.GetProperty("paths").EnumerateObject().Select(path => path.Name).Order(StringComparer.Ordinal));
        var analysis = document.GetProperty("components").GetProperty("schemas").GetProperty("Analysis").GetProperty("properties");
        Assert.True(analysis.TryGetProperty("deepfake_score", out _));
    }
}
