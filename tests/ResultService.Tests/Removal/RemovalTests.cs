using System.Net;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Removal;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Removal;

public sealed class RemovalTests
{
    [Fact]
    public async Task Deletion_removes_objects_record_and_history_and_late_parts_stay_out()
    {
        await using var host = await ResultHost.StartAsync();
        var ended = await EndedAsync(host);
        var running = await Submission.CreateAsync(host);
        await running.Deliveries(host)[0]();

        foreach (var submission in new[] { ended, running })
        {
            Assert.Equal(HttpStatusCode.OK, (await host.Client.DeleteAsync($"/v1/analyses/{submission.Id}")).StatusCode);
            foreach (var delivery in submission.Deliveries(host)) await delivery();
            Assert.Empty(await host.KeysAsync(submission.Id));
            Assert.Null(await host.Analyses.FindAsync(submission.Id, CancellationToken.None));
            Assert.Null(await host.History.FindAsync("default", submission.Id, CancellationToken.None));
            Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/analyses/{submission.Id}")).StatusCode);
            Assert.Equal(HttpStatusCode.NotFound, (await host.Client.DeleteAsync($"/v1/analyses/{submission.Id}")).StatusCode);
        }

        Assert.Empty(host.Completed(running.Id));
    }

    [Fact]
    public async Task The_receipt_says_what_went_and_anybody_can_check_its_hash()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await EndedAsync(host);
        var total = await host.Objects.MeasureAsync(ObjectKeys.Prefix("default", submission.Id), CancellationToken.None);

        using var response = await host.Client.DeleteAsync($"/v1/analyses/{submission.Id}");
        var text = await response.Content.ReadAsStringAsync();
        var receipt = (await response.Content.ReadFromJsonAsync<DeletionReceipt>(DeepfakeJson.Options))!;

        Assert.Equal((submission.Id, "request", null), (receipt.AnalysisId, receipt.Reason, receipt.RequestedBy));
        Assert.Equal("del_" + submission.Id[3..], receipt.Id);
        Assert.Equal((4L, total.Bytes), (receipt.ObjectCount, receipt.ObjectBytes));
        Assert.Equal(["analyses/" + submission.Id, "history/" + submission.Id], receipt.Records);
        Assert.True(receipt.DeletedAt >= receipt.RequestedAt);
        var hashed = text[..text.IndexOf(",\"hash\"", StringComparison.Ordinal)] + "}";
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(hashed))), receipt.Hash);
        Assert.Equal(text, await host.Client.GetStringAsync($"/v1/deletions/{receipt.Id}"));
        var page = await host.Client.GetFromJsonAsync<DeletionPage>("/v1/deletions", DeepfakeJson.Options);
        Assert.Equal(receipt.Hash, Assert.Single(page!.Items).Hash);
        using var unknown = await host.Client.GetAsync("/v1/deletions/del_other");
        await ResultHost.AssertProblemAsync(unknown, HttpStatusCode.NotFound, ErrorCodes.NotFound);
    }

    public static TheoryData<string, bool> CrashPoints
    {
        get
        {
            var points = new TheoryData<string, bool>();
            foreach (var call in new[] { "DeleteAsync", "MeasureAsync", "DeletePrefixAsync" })
            {
                points.Add(call, false);
                points.Add(call, true);
            }

            return points;
        }
    }

    [Theory]
    [MemberData(nameof(CrashPoints))]
    public async Task A_deletion_that_breaks_off_anywhere_is_completed_with_the_same_receipt(string call, bool afterwards)
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00"));
        var submission = await EndedAsync(host);
        host.Cuts.Plan(call, afterwards);
        Assert.False((await host.Client.DeleteAsync($"/v1/analyses/{submission.Id}")).IsSuccessStatusCode);
        Assert.True(host.Cuts.HasStruck);

        await host.SweepAsync<RemovalSweeper>();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/deletions/del_{submission.Id[3..]}")).StatusCode); // too early
        host.Clock.Advance(TimeSpan.FromMinutes(2));
        await host.SweepAsync<RemovalSweeper>();

        Assert.Empty(await host.KeysAsync(submission.Id));
        Assert.Null(await host.History.FindAsync("default", submission.Id, CancellationToken.None));
        var receipt = await host.Client.GetFromJsonAsync<DeletionReceipt>($"/v1/deletions/del_{submission.Id[3..]}", DeepfakeJson.Options);
        Assert.Equal((4L, 2), (receipt!.ObjectCount, receipt.Records.Count));
    }

    [Fact]
    public async Task Versions_and_reviews_go_with_the_first_analysis_and_a_version_goes_alone()
    {
        await using var host = await ResultHost.StartAsync();
        var first = await EndedAsync(host);
        foreach (var version in new[] { 2, 3 })
        {
            (await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null)).EnsureSuccessStatusCode();
            await new Submission { Id = $"{first.Id}_v{version}" }.CompleteAsync(host);
        }

        (await host.Client.PutAsJsonAsync($"/v1/analyses/{first.Id}/review", new { verdict = "authentic" })).EnsureSuccessStatusCode();
        using var alone = await host.Client.DeleteAsync($"/v1/analyses/{first.Id}_v2");
        Assert.Equal(3, (await alone.Content.ReadFromJsonAsync<DeletionReceipt>(DeepfakeJson.Options))!.ObjectCount); // no medium of its own
        Assert.Equal(4, (await host.KeysAsync(first.Id)).Count);
        Assert.NotNull((await host.GetAsync(first.Id)).Review);

        using var all = await host.Client.DeleteAsync($"/v1/analyses/{first.Id}");
        var receipt = (await all.Content.ReadFromJsonAsync<DeletionReceipt>(DeepfakeJson.Options))!;
        Assert.Equal(7, receipt.ObjectCount);
        Assert.Equal(
            [$"analyses/{first.Id}", $"analyses/{first.Id}_v3", $"history/{first.Id}", $"history/{first.Id}_v3", $"reviews/{first.Id}", $"versions/{first.Id}"],
            receipt.Records.Order(StringComparer.Ordinal));
        Assert.Empty(await host.KeysAsync(first.Id + "_v3"));
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/analyses/{first.Id}_v3")).StatusCode);
        Assert.Equal("", await host.Client.GetStringAsync("/v1/ground-truth"));
    }

    [Fact]
    public async Task Many_deletions_at_once_give_one_receipt()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await EndedAsync(host);
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => host.Client.DeleteAsync($"/v1/analyses/{submission.Id}")));

        var receipts = await Task.WhenAll(answers.Where(answer => answer.IsSuccessStatusCode).Select(answer => answer.Content.ReadAsStringAsync()));
        Assert.Single(receipts.Distinct());
        Assert.All(answers, answer => Assert.Contains(answer.StatusCode, new[] { HttpStatusCode.OK, HttpStatusCode.NotFound }));
    }

    [Fact]
    public async Task Retention_removes_by_the_rule_of_the_analysis_before_that_of_the_tenant_and_proves_it()
    {
        await using var host = await ResultHost.StartAsync(("Results:RetentionInterval", "01:00:00"));
        var own = await EndedAsync(host, TimeSpan.FromHours(1));
        var longer = await EndedAsync(host, TimeSpan.FromDays(300));
        var plain = await EndedAsync(host);
        Assert.NotNull((await host.GetAsync(own.Id)).ExpiresAt);
        Assert.Null((await host.GetAsync(plain.Id)).ExpiresAt);

        host.Clock.Advance(TimeSpan.FromHours(2));
        await host.SweepAsync<RetentionSweeper>();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/analyses/{own.Id}")).StatusCode);
        Assert.Empty(await host.KeysAsync(own.Id));
        var receipt = await host.Client.GetFromJsonAsync<DeletionReceipt>($"/v1/deletions/del_{own.Id[3..]}", DeepfakeJson.Options);
        Assert.Equal(("retention", 4L), (receipt!.Reason, receipt.ObjectCount));
        host.Clock.Advance(TimeSpan.FromDays(200));
        await host.SweepAsync<RetentionSweeper>();
        await host.GetAsync(plain.Id); // no rule, no end

        (await host.Client.PutAsJsonAsync("/v1/retention", new { days = 30 })).EnsureSuccessStatusCode();
        (await host.Client.PutAsJsonAsync("/v1/retention", new { days = 90.5 })).EnsureSuccessStatusCode();
        Assert.Equal("{\"days\":90.5}", await host.Client.GetStringAsync("/v1/retention"));
        await host.SweepAsync<RetentionSweeper>();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/analyses/{plain.Id}")).StatusCode);
        await host.GetAsync(longer.Id);
    }

    [Fact]
    public async Task The_rule_of_the_installation_holds_until_a_tenant_has_its_own()
    {
        await using var host = await ResultHost.StartAsync(("Results:RetentionInterval", "01:00:00"), ("Results:Retention", "7.00:00:00"));
        var first = await EndedAsync(host);
        Assert.Equal("{\"days\":7}", await host.Client.GetStringAsync("/v1/retention"));
        host.Clock.Advance(TimeSpan.FromDays(8));
        (await host.Client.PutAsJsonAsync("/v1/retention", new { days = (double?)null })).EnsureSuccessStatusCode();
        await host.SweepAsync<RetentionSweeper>();
        await host.GetAsync(first.Id);

        (await host.Client.PutAsJsonAsync("/v1/retention", new { days = 1 })).EnsureSuccessStatusCode();
        await host.SweepAsync<RetentionSweeper>();
        Assert.Equal(HttpStatusCode.NotFound, (await host.Client.GetAsync($"/v1/analyses/{first.Id}")).StatusCode);
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"days\":0}")]
    [InlineData("{\"days\":-1}")]
    [InlineData("{\"days\":1e9}")]
    [InlineData("{\"days\":\"soon\"}")]
    [InlineData("nonsense")]
    public async Task A_wrong_rule_is_a_problem_with_a_code(string body)
    {
        await using var host = await ResultHost.StartAsync();
        using var response = await host.Client.PutAsync("/v1/retention", new StringContent(body, Encoding.UTF8, "application/json"));
        await ResultHost.AssertProblemAsync(response, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    private static Task<Submission> EndedAsync(ResultHost host, TimeSpan? retention = null) => Submission.EndedAsync(host, record => record with { Retention = retention });
}
