using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.History;
using Deepfake.ResultService.Merging;
using Deepfake.ResultService.Removal;
using Deepfake.ResultService.Reviews;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Reviews;

public sealed class ReviewTests
{
    [Fact]
    public async Task A_reviewers_verdict_stands_above_the_machines_which_stays_visible()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.EndedAsync(host);
        using var answer = await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = "authentic", note = " It is\nthe original. " });
        var reviewed = (await answer.Content.ReadFromJsonAsync<Analysis>(DeepfakeJson.Options))!;

        Assert.Equal((Verdict.Authentic, Verdict.Manipulated, false, RiskLevel.Low), (reviewed.Verdict, reviewed.MachineVerdict, reviewed.IsDeepfake, reviewed.RiskLevel));
        Assert.Equal((0.95, 95.0), (Math.Round(reviewed.Probability!.Value, 4), reviewed.DeepfakeScore));
        Assert.Equal((Verdict.Authentic, "It is\nthe original.", "local"), (reviewed.Review!.Verdict, reviewed.Review.Note, reviewed.Review.ReviewedBy));
        Assert.Equal(await answer.Content.ReadAsStringAsync(), await host.Client.GetStringAsync($"/v1/analyses/{submission.Id}"));
        var line = Assert.Single((await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses?verdict=authentic")).GetProperty("items").EnumerateArray());
        Assert.Equal(("manipulated", true), (line.GetProperty("machine_verdict").GetString(), line.GetProperty("reviewed").GetBoolean()));
        Assert.Equal(0, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses?verdict=manipulated")).GetProperty("items").GetArrayLength());

        var report = await host.Client.GetStringAsync($"/v1/analyses/{submission.Id}/report");
        Assert.Contains("So decided a reviewer (local", report);
        Assert.Contains("verdict was: manipulated", report);

        (await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = "manipulated" })).EnsureSuccessStatusCode();
        var file = await host.Client.GetFromJsonAsync<ReviewFile>($"/v1/analyses/{submission.Id}/review", DeepfakeJson.Options);
        Assert.Equal([Verdict.Authentic, Verdict.Manipulated], file!.Reviews.Select(entry => entry.Review.Verdict));
        Assert.All(file.Reviews, entry => Assert.Equal(Verdict.Manipulated, entry.MachineVerdict));
        var statistics = (await host.Client.GetFromJsonAsync<JsonElement>("/v1/statistics")).GetProperty("reviews");
        Assert.Equal((1, 1.0), (statistics.GetProperty("reviewed").GetInt32(), statistics.GetProperty("agreement").GetDouble()));
        Assert.Empty(await host.Get<IDocumentStore<ReviewFile>>().ListDueAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_review_holds_for_every_version_of_the_medium_before_and_after_it()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await Submission.EndedAsync(host);
        (await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null)).EnsureSuccessStatusCode();
        await new Submission { Id = first.Id + "_v2" }.CompleteAsync(host, score: 0.05f);
        (await host.Client.PutAsJsonAsync($"/v1/analyses/{first.Id}_v2/review", new { verdict = "suspicious" })).EnsureSuccessStatusCode();
        (await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null)).EnsureSuccessStatusCode();
        await new Submission { Id = first.Id + "_v3" }.CompleteAsync(host, score: 0.05f);

        foreach (var (version, machine) in new[] { ("", Verdict.Manipulated), ("_v2", Verdict.Authentic), ("_v3", Verdict.Authentic) })
        {
            var analysis = await host.GetAsync(first.Id + version);
            Assert.Equal((Verdict.Suspicious, machine), (analysis.Verdict, analysis.MachineVerdict));
            var file = await host.Client.GetFromJsonAsync<ReviewFile>($"/v1/analyses/{first.Id}{version}/review", DeepfakeJson.Options);
            Assert.Equal((first.Id, 2), (file!.AnalysisId, file.Reviews[0].Version));
        }
    }

    [Fact]
    public async Task Many_reviewers_at_once_are_all_kept_and_one_of_them_is_shown_everywhere()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.EndedAsync(host);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = i % 2 == 0 ? "authentic" : "manipulated", note = $"{i}" })));

        var file = (await host.Get<ReviewBook>().FindAsync("default", submission.Id, CancellationToken.None))!;
        Assert.Equal(20, file.Reviews.Select(entry => entry.Review.Note).Distinct().Count());
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.SweepAsync<ReviewSweeper>();
        Assert.Equal(file.Reviews[^1].Review, (await host.GetAsync(submission.Id)).Review);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_review_whose_way_into_the_history_broke_off_gets_there(bool afterwards)
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00"));
        var submission = await Submission.EndedAsync(host);
        host.Cuts.Plan("SetReviewAsync", afterwards);
        Assert.False((await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = "authentic" })).IsSuccessStatusCode);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.SweepAsync<ReviewSweeper>();

        Assert.Equal(Verdict.Authentic, (await host.GetAsync(submission.Id)).Verdict);
        Assert.Empty(await host.Get<IDocumentStore<ReviewFile>>().ListDueAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None));
    }

    [Fact]
    public async Task Announcing_an_end_again_leaves_its_review()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.EndedAsync(host);
        (await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = "authentic" })).EnsureSuccessStatusCode();
        var state = (await host.Analyses.FindAsync(submission.Id, CancellationToken.None))!;
        await host.Get<AnalysisFinisher>().AnnounceAsync(state.Record, host.Bus, CancellationToken.None);
        Assert.Equal(Verdict.Authentic, (await host.GetAsync(submission.Id)).Verdict);
    }

    [Fact]
    public async Task Without_the_history_an_end_is_answered_as_the_machine_left_it_and_says_so()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.EndedAsync(host);
        host.Cuts.Away = typeof(IHistoryStore);
        var answer = await host.GetAsync(submission.Id);
        Assert.Equal(Verdict.Manipulated, answer.Verdict);
        Assert.Contains("review_unknown", answer.Warnings);
    }

    [Fact]
    public async Task Ground_truth_is_exported_with_hash_label_and_scores()
    {
        await using var host = await ResultHost.StartAsync(("Results:RetentionInterval", "01:00:00"));
        var labels = new[] { "authentic", "manipulated", "inconclusive" };
        foreach (var verdict in labels)
        {
            var submission = await Submission.EndedAsync(host, record => record with { Reference = "=1+1", Retention = TimeSpan.FromHours(1) });
            (await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict, note = "why, \"so\"" })).EnsureSuccessStatusCode();
        }

        host.Clock.Advance(TimeSpan.FromHours(2));
        await host.SweepAsync<RetentionSweeper>(); // takes the media, leaves the labels
        Assert.Equal(0, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses")).GetProperty("items").GetArrayLength());

        var lines = (await host.Client.GetStringAsync("/v1/ground-truth")).Split('\n')[..^1].Select(line => JsonSerializer.Deserialize<JsonElement>(line)).ToList();
        Assert.Equal([0, 1, null], lines.Select(line => line.GetProperty("label") is { ValueKind: JsonValueKind.Number } label ? label.GetInt32() : (int?)null));
        Assert.All(lines, line => Assert.Equal((new string('a', 64), "local"), (line.GetProperty("sha256").GetString(), line.GetProperty("reviewed_by").GetString())));
        Assert.Equal(("a", "1"), (lines[0].GetProperty("models")[0].GetProperty("name").GetString(), lines[0].GetProperty("models")[0].GetProperty("version").GetString()));
        Assert.Equal(0.95, lines[0].GetProperty("models")[0].GetProperty("score").GetDouble(), 3);
        Assert.Contains(lines[0].GetProperty("signals").EnumerateArray(), signal => signal.GetProperty("name").GetString() == "azimuthal_spectrum");

        using var csv = await host.Client.GetAsync("/v1/ground-truth?format=csv");
        Assert.Equal("text/csv", csv.Content.Headers.ContentType?.MediaType);
        var rows = (await csv.Content.ReadAsStringAsync()).Split("\r\n")[..^1];
        Assert.Equal(4, rows.Length);
        Assert.Contains(",video,mp4,1,manipulated,\"why, \"\"so\"\"\",local,", rows[2]);
        Assert.Contains(",a@1=0.9", rows[2]);
        Assert.EndsWith(",'=1+1", rows[2]);
        using var wrong = await host.Client.GetAsync("/v1/ground-truth?format=xml");
        await ResultHost.AssertProblemAsync(wrong, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"verdict\":\"real\"}")]
    [InlineData("{\"verdict\":1}")]
    [InlineData("{\"verdict\":\"authentic\",\"note\":\"a\\u0000b\"}")]
    [InlineData("nonsense")]
    public async Task A_wrong_review_is_a_problem_with_a_code(string body)
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.EndedAsync(host);
        using var response = await host.Client.PutAsync($"/v1/analyses/{submission.Id}/review", new StringContent(body, Encoding.UTF8, "application/json"));
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task What_has_no_verdict_cannot_be_reviewed()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        using (var early = await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = "authentic" })) await ResultHost.AssertProblemAsync(early, HttpStatusCode.Conflict, ErrorCodes.NotEnded);
        using (var none = await host.Client.GetAsync($"/v1/analyses/{submission.Id}/review")) await ResultHost.AssertProblemAsync(none, HttpStatusCode.NotFound, ErrorCodes.NotFound);
        await host.Bus.Publish(submission.Failure());
        await host.WaitForEndAsync(submission.Id);
        using (var failed = await host.Client.PutAsJsonAsync($"/v1/analyses/{submission.Id}/review", new { verdict = "authentic" })) await ResultHost.AssertProblemAsync(failed, HttpStatusCode.Conflict, ErrorCodes.NoVerdict);
        using (var unknown = await host.Client.PutAsJsonAsync("/v1/analyses/an_unknown/review", new { verdict = "authentic" })) await ResultHost.AssertProblemAsync(unknown, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }
}
