using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Removal;
using Deepfake.ResultService.Tests.Hosting;
using Deepfake.ResultService.Versions;

namespace Deepfake.ResultService.Tests.Versions;

public sealed class ReprocessTests
{
    [Fact]
    public async Task A_stored_medium_is_analysed_again_as_a_version_with_its_own_final_result()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await Submission.EndedAsync(host, record => record with { Reference = "case-1", Retention = TimeSpan.FromDays(9) });
        var before = await host.Client.GetStringAsync($"/v1/analyses/{first.Id}");

        using var accepted = await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null);
        Assert.Equal(HttpStatusCode.Accepted, accepted.StatusCode);
        Assert.Equal($"/v1/analyses/{first.Id}_v2", accepted.Headers.Location?.ToString());
        var run = (await accepted.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options))!;
        Assert.Equal((first.Id, 2, "case-1", AnalysisStatus.Accepted), (run.ReprocessOf, run.Version, run.Reference, run.Status));
        await Eventually.TrueAsync(() => host.Submitted(run.Id).Count == 1, "the work is published");
        Assert.Equal((ObjectKeys.Media("default", first.Id), Lane.Batch), (host.Submitted(run.Id)[0].MediaKey, host.Submitted(run.Id)[0].Lane));
        Assert.Empty(await host.Analyses.FindUnpublishedAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None));

        await new Submission { Id = run.Id }.CompleteAsync(host, score: 0.05f);
        var second = await host.GetAsync(run.Id);
        Assert.Equal((Verdict.Authentic, 2), (second.Verdict, second.Version));
        Assert.Equal(TimeSpan.FromDays(9), second.ExpiresAt - second.CompletedAt);
        Assert.Equal(before, await host.Client.GetStringAsync($"/v1/analyses/{first.Id}"));
        Assert.Equal(4, (await host.KeysAsync(first.Id)).Count);
        Assert.Single(host.Completed(first.Id));
        Assert.Single(host.Completed(run.Id));

        foreach (var named in new[] { first.Id, run.Id })
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses/{named}/versions");
            Assert.Equal(first.Id, page.GetProperty("analysis_id").GetString());
            Assert.Equal(["manipulated", "authentic"], page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("verdict").GetString()));
            Assert.Equal(run.Id, (await host.Client.GetFromJsonAsync<Analysis>($"/v1/analyses/{named}/versions/2", DeepfakeJson.Options))!.Id);
            Assert.Equal(first.Id, (await host.Client.GetFromJsonAsync<Analysis>($"/v1/analyses/{named}/versions/1", DeepfakeJson.Options))!.Id);
            var changes = (await host.Client.GetFromJsonAsync<VersionChanges>($"/v1/analyses/{named}/versions/2/changes", DeepfakeJson.Options))!;
            Assert.Equal((1, 2, true, Verdict.Manipulated, Verdict.Authentic), (changes.From, changes.To, changes.VerdictChanged, changes.FromVerdict, changes.ToVerdict));
            Assert.Equal(new NumberChange(95, 5, -90), changes.DeepfakeScore);
            Assert.Equal(("a", "1", "1", -0.9), (changes.Models[0].Name, changes.Models[0].FromVersion, changes.Models[0].ToVersion, changes.Models[0].Score.Difference));
            Assert.Equal([ReasonCodes.LowFaceScore], changes.ReasonsAdded);
            Assert.Equal([ReasonCodes.HighFaceScore], changes.ReasonsRemoved);
        }

        var back = (await host.Client.GetFromJsonAsync<VersionChanges>($"/v1/analyses/{first.Id}/versions/1/changes?from=2", DeepfakeJson.Options))!;
        Assert.Equal((2, 1, 90), (back.From, back.To, back.DeepfakeScore.Difference));
    }

    [Fact]
    public async Task Asking_again_while_a_version_runs_starts_nothing_and_later_starts_the_next()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await Submission.EndedAsync(host);
        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(_ => host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess?lane=interactive", null)));
        Assert.All(answers, answer => Assert.Equal(HttpStatusCode.Accepted, answer.StatusCode));
        Assert.Equal([$"/v1/analyses/{first.Id}_v2"], answers.Select(answer => answer.Headers.Location!.ToString()).Distinct());

        using (var cancelled = await host.Client.PostAsync($"/v1/analyses/{first.Id}_v2/cancel", null)) cancelled.EnsureSuccessStatusCode();
        using var third = await host.Client.PostAsync($"/v1/analyses/{first.Id}_v2/reprocess", null);
        Assert.Equal($"/v1/analyses/{first.Id}_v3", third.Headers.Location?.ToString());
        Assert.Equal(4, (await host.KeysAsync(first.Id)).Count); // the cancelled version took nothing of the first along
    }

    [Fact]
    public async Task A_version_does_not_begin_while_its_first_is_being_removed()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await Submission.EndedAsync(host);
        var deletions = host.Get<IDocumentStore<Deletion>>();
        var removal = new Deletion { AnalysisId = first.Id, Reason = DeletionReasons.Request, RequestedAt = host.Clock.GetUtcNow(), Analyses = [first.Id], Records = [] };

        Assert.True(await deletions.TryAddAsync(new Document<Deletion>("default", Deletion.IdOf(first.Id), removal), CancellationToken.None));

        using var after = await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null);
        Assert.Equal(HttpStatusCode.NotFound, after.StatusCode);
        Assert.Null(await host.Analyses.FindAsync($"{first.Id}_v2", CancellationToken.None));
    }

    [Fact]
    public async Task What_was_begun_before_a_removal_could_be_seen_goes_with_it()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await Submission.EndedAsync(host);
        using var begun = await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null);
        var removal = new Deletion { AnalysisId = first.Id, Reason = DeletionReasons.Request, RequestedAt = host.Clock.GetUtcNow(), Analyses = [first.Id], Records = [] };
        await host.Get<IDocumentStore<Deletion>>().TryAddAsync(new Document<Deletion>("default", Deletion.IdOf(first.Id), removal), CancellationToken.None);

        var receipt = await host.Get<AnalysisRemover>().CompleteAsync("default", Deletion.IdOf(first.Id), CancellationToken.None);

        Assert.NotNull(receipt);
        Assert.Null(await host.Analyses.FindAsync($"{first.Id}_v2", CancellationToken.None));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/analyses/{first.Id}_v2")).StatusCode);
    }

    [Fact]
    public async Task A_version_that_was_removed_keeps_its_number_and_one_that_was_never_begun_gives_it_back()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await Submission.EndedAsync(host);
        host.Cuts.Plan("CreateAsync", afterwards: false);
        Assert.False((await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null)).IsSuccessStatusCode);
        using var second = await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null);
        Assert.Equal($"/v1/analyses/{first.Id}_v2", second.Headers.Location?.ToString());

        (await host.Client.DeleteAsync($"/v1/analyses/{first.Id}_v2")).EnsureSuccessStatusCode();
        using var third = await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null);
        Assert.Equal($"/v1/analyses/{first.Id}_v3", third.Headers.Location?.ToString());
        var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses/{first.Id}/versions");
        Assert.Equal([1, 3], page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("version").GetInt32()));
    }

    [Fact]
    public async Task A_key_that_has_as_many_unfinished_analyses_as_it_may_has_to_wait_and_the_number_waits_with_it()
    {
        await using var host = await ResultHost.StartAsync();
        var (one, other) = (await Submission.EndedAsync(host), await Submission.EndedAsync(host));
        using var first = await ReprocessAsync(one.Id);
        Assert.Equal(HttpStatusCode.Accepted, first.StatusCode);

        using (var refused = await ReprocessAsync(other.Id))
        {
            await ResultHost.AssertProblemAsync(refused, HttpStatusCode.TooManyRequests, ErrorCodes.RateLimited);
            Assert.NotNull(refused.Headers.RetryAfter);
        }

        using (var cancelled = await host.Client.PostAsync($"/v1/analyses/{one.Id}_v2/cancel", null)) cancelled.EnsureSuccessStatusCode();
        using var second = await ReprocessAsync(other.Id);
        Assert.Equal($"/v1/analyses/{other.Id}_v2", second.Headers.Location?.ToString());

        async Task<HttpResponseMessage> ReprocessAsync(string id)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, $"/v1/analyses/{id}/reprocess") { Headers = { { ResultHost.ConcurrencyHeader, "1" } } };
            return await host.Client.SendAsync(request);
        }
    }

    [Fact]
    public async Task What_cannot_be_done_again_says_why()
    {
        await using var host = await ResultHost.StartAsync(("Results:ReprocessBacklog", "1"));
        var running = await Submission.CreateAsync(host);
        using (var early = await host.Client.PostAsync($"/v1/analyses/{running.Id}/reprocess", null)) await ResultHost.AssertProblemAsync(early, HttpStatusCode.Conflict, ErrorCodes.NotEnded);
        var ended = await Submission.EndedAsync(host);
        using (var full = await host.Client.PostAsync($"/v1/analyses/{ended.Id}/reprocess", null))
        {
            await ResultHost.AssertProblemAsync(full, HttpStatusCode.ServiceUnavailable, ErrorCodes.BacklogFull);
            Assert.NotNull(full.Headers.RetryAfter);
        }

        await host.Bus.Publish(running.Failure());
        await host.WaitForEndAsync(running.Id);
        await Eventually.TrueAsync(async () => (await host.KeysAsync(running.Id)).Count == 0, "the medium is removed");
        using (var gone = await host.Client.PostAsync($"/v1/analyses/{running.Id}/reprocess", null)) await ResultHost.AssertProblemAsync(gone, HttpStatusCode.Gone, ErrorCodes.MediaGone);
        using (var unknown = await host.Client.PostAsync("/v1/analyses/an_unknown/reprocess", null)) await ResultHost.AssertProblemAsync(unknown, HttpStatusCode.NotFound, ErrorCodes.NotFound);
        using (var lane = await host.Client.PostAsync($"/v1/analyses/{ended.Id}/reprocess?lane=live", null)) await ResultHost.AssertProblemAsync(lane, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
        foreach (var path in new[] { "versions/2", "versions/0", "versions/2/changes", "versions/1/changes" })
        {
            using var missing = await host.Client.GetAsync($"/v1/analyses/{ended.Id}/{path}");
            await ResultHost.AssertProblemAsync(missing, HttpStatusCode.NotFound, ErrorCodes.NotFound);
        }
    }
}
