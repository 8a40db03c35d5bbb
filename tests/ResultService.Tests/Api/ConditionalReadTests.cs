using System.Net;
using System.Net.Http.Headers;
using Deepfake.Contracts;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Api;

public sealed class ConditionalReadTests
{
    [Fact]
    public async Task A_client_that_has_the_document_gets_no_body_until_it_changes()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var first = await ReadAsync(host, submission.Id);
        Assert.False(first.Tag!.IsWeak);
        Assert.Equal((HttpStatusCode.NotModified, "", first.Tag), await ReadAsync(host, submission.Id, first.Tag));
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.NotModified, (await ReadAsync(host, submission.Id, first.Tag)).Status);

        await submission.Deliveries(host)[0]();
        var second = await ReadAsync(host, submission.Id, first.Tag);
        Assert.Equal(HttpStatusCode.OK, second.Status);
        Assert.NotEqual(first.Tag, second.Tag);
        host.Clock.Advance(TimeSpan.FromSeconds(5));
        Assert.Equal(HttpStatusCode.NotModified, (await ReadAsync(host, submission.Id, second.Tag)).Status);

        await submission.PublishAllAsync(host);
        await host.WaitForEndAsync(submission.Id);
        var last = await ReadAsync(host, submission.Id, second.Tag);
        Assert.Equal(HttpStatusCode.OK, last.Status);
        Assert.Equal(HttpStatusCode.NotModified, (await ReadAsync(host, submission.Id, last.Tag)).Status);
    }

    [Theory]
    [InlineData("*")]
    [InlineData("\"other\", TAG")]
    [InlineData("W/TAG")]
    public async Task Every_form_of_the_condition_is_understood(string form)
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var tag = (await ReadAsync(host, submission.Id)).Tag!;
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/analyses/{submission.Id}");
        request.Headers.TryAddWithoutValidation("If-None-Match", form.Replace("TAG", tag.ToString(), StringComparison.Ordinal));
        using var response = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.NotModified, response.StatusCode);
    }

    [Fact]
    public async Task Waiting_ends_with_the_analysis_and_asks_nothing_of_the_stores_meanwhile()
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00"));
        var submission = await Submission.CreateAsync(host);
        var waiting = host.Client.GetAsync($"/v1/analyses/{submission.Id}?wait=30");
        await Eventually.TrueAsync(() => host.Cuts.Calls.Contains("WatchAsync"), "the request waits");
        await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0.5), CancellationToken.None);
        var before = host.Cuts.Calls.Count;
        await host.Analyses.FindAsync(submission.Id, CancellationToken.None);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(before + 1, host.Cuts.Calls.Count);

        await submission.PublishAllAsync(host);
        using var response = await waiting;
        Assert.Contains("\"status\":\"completed\"", await response.Content.ReadAsStringAsync());
        Assert.Single(host.Cuts.Calls, "WatchAsync");
    }

    [Fact]
    public async Task Waiting_with_a_known_version_ends_at_the_next_change()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var tag = (await ReadAsync(host, submission.Id)).Tag;
        var waiting = ReadAsync(host, submission.Id, tag, wait: 30);
        await Eventually.TrueAsync(() => host.Cuts.Calls.Contains("WatchAsync"), "the request waits");
        await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0.5), CancellationToken.None);

        var news = await waiting;
        Assert.Equal(HttpStatusCode.OK, news.Status);
        Assert.Contains("\"stage\":\"frames\"", news.Body);
        Assert.Equal(HttpStatusCode.OK, (await ReadAsync(host, submission.Id, tag, wait: 30)).Status); // it has changed already
    }

    [Fact]
    public async Task Waiting_in_vain_answers_what_is_known_and_304_to_whoever_knows_it()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var first = await ReadAsync(host, submission.Id, wait: 1);
        Assert.Contains("\"status\":\"accepted\"", first.Body);
        Assert.Equal(HttpStatusCode.NotModified, (await ReadAsync(host, submission.Id, first.Tag, wait: 1)).Status);
    }

    [Fact]
    public async Task Waiting_for_what_is_deleted_ends_with_not_found()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var waiting = host.Client.GetAsync($"/v1/analyses/{submission.Id}?wait=30");
        await Eventually.TrueAsync(() => host.Cuts.Calls.Contains("WatchAsync"), "the request waits");
        (await host.Client.DeleteAsync($"/v1/analyses/{submission.Id}")).EnsureSuccessStatusCode();
        using var response = await waiting;
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_waiting_request_does_not_hold_up_the_end_of_the_process()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var waiting = host.Client.GetAsync($"/v1/analyses/{submission.Id}?wait=30");
        await Eventually.TrueAsync(() => host.Cuts.Calls.Contains("WatchAsync"), "the request waits");
        await host.StopAsync().WaitAsync(TimeSpan.FromSeconds(10));
        using var response = await waiting;
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    [InlineData("1.5")]
    public async Task A_wait_that_is_no_number_of_seconds_is_refused(string wait)
    {
        await using var host = await ResultHost.StartAsync();
        using var response = await host.Client.GetAsync($"/v1/analyses/an_unknown?wait={wait}");
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    private static async Task<(HttpStatusCode Status, string Body, EntityTagHeaderValue? Tag)> ReadAsync(ResultHost host, string id, EntityTagHeaderValue? known = null, int wait = 0)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, $"/v1/analyses/{id}?wait={wait}");
        if (known is not null) request.Headers.IfNoneMatch.Add(known);
        using var response = await host.Client.SendAsync(request);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(), response.Headers.ETag);
    }
}
