using System.Net;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Batches;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Tests.Batches;

public sealed class BatchTests : BatchTestBase
{
    [Fact]
    public async Task One_bad_file_never_fails_the_rest()
    {
        using var form = Form(("file", "a.jpg", Jpeg), ("profile", null, "strict"u8.ToArray()), ("file", "b.txt", Text), ("file", "c.png", Png), ("file", "d.jpg", []), ("reference", null, "case 7"u8.ToArray()));
        var batch = await SubmitAsync(form);

        Assert.Equal((BatchStatus.Running, "case 7", 4), (batch.Status, batch.Reference, batch.Summary.Total));
        Assert.Equal(
            [(0, BatchItemStatus.Accepted, "a.jpg", null), (1, BatchItemStatus.Rejected, "b.txt", ErrorCodes.UnsupportedMedia), (2, BatchItemStatus.Accepted, "c.png", null), (3, BatchItemStatus.Rejected, "d.jpg", ErrorCodes.EmptyBody)],
            batch.Items!.Select(item => (item.Index, item.Status, item.FileName, item.Error?.Code)));
        Assert.Equal(new Dictionary<string, int> { ["accepted"] = 2, ["rejected"] = 2 }, batch.Summary.ByStatus);
        foreach (var item in batch.Items!.Where(item => item.AnalysisId is not null))
        {
            var (message, _) = await Host.Inbox.WaitForAsync(item.AnalysisId!);
            Assert.Equal(Lane.Batch, message.Lane);
            var record = (await Host.Analyses.FindAsync("default", item.AnalysisId!, CancellationToken.None))!.Record;
            Assert.Equal((item.FileName, ThresholdProfile.Strict, null), (record.FileName, record.Options.Profile, record.Reference));
        }

        Assert.Equal(2, Host.Uploads().Count);
        Assert.Equal(JsonSerializer.Serialize(batch, DeepfakeJson.Options), JsonSerializer.Serialize(await GetAsync(batch.Id), DeepfakeJson.Options));
    }

    [Fact]
    public async Task Addresses_and_uploads_are_fetched_after_the_answer()
    {
        var upload = await UploadAsync(Png);
        var batch = await SubmitAsync(new
        {
            lane = "interactive",
            heat_maps = false,
            items = new object[]
            {
                new { url = $"{Origin}/a.jpg", reference = "first" }, new { url = "http://169.254.169.254/" }, new { url = $"{Origin}/text" }, new { url = $"{Origin}/missing" },
                new { upload_id = upload, file_name = "u.png", lane = "batch" }, new { upload_id = "up_unknown" }, new { nothing = 1 }, new { url = $"{Origin}/a.jpg", profile = "wrong" }, "text",
            },
        });
        Assert.Equal(BatchItemStatus.Rejected, batch.Items![1].Status); // said at once
        Assert.Equal(ErrorCodes.UrlNotAllowed, batch.Items[1].Error!.Code);

        batch = await WaitAsync(batch.Id, now => !now.Summary.ByStatus.ContainsKey("pending"));

        Assert.Equal(
            [null, ErrorCodes.UrlNotAllowed, ErrorCodes.UnsupportedMedia, ErrorCodes.UrlUnreachable, null, ErrorCodes.NotFound, ErrorCodes.InvalidRequest, ErrorCodes.InvalidRequest, ErrorCodes.InvalidRequest],
            batch.Items!.Select(item => item.Error?.Code));
        Assert.Equal((BatchItemStatus.Accepted, "first", "a.jpg", $"{Origin}/a.jpg"), (batch.Items![0].Status, batch.Items[0].Reference, batch.Items[0].FileName, batch.Items[0].Source));
        Assert.Equal((BatchItemStatus.Accepted, "u.png", upload), (batch.Items[4].Status, batch.Items[4].FileName, batch.Items[4].Source));
        var (first, last) = (await RecordAsync(batch.Items[0]), await RecordAsync(batch.Items[4]));
        Assert.Equal((Lane.Interactive, Lane.Batch, false), (first.Lane, last.Lane, first.Options.HeatMaps));
        Assert.Equal(2, Host.Uploads().Count);
    }

    [Fact]
    public async Task Files_and_addresses_may_come_together()
    {
        using var form = Form(("file", "a.png", Png), ("items", null, Encoding.UTF8.GetBytes($"[{{\"url\":\"{Origin}/a.jpg\"}}]")));
        var batch = await SubmitAsync(form);

        batch = await WaitAsync(batch.Id, now => now.Summary.ByStatus.GetValueOrDefault("accepted") == 2);
        Assert.Equal([null, $"{Origin}/a.jpg"], batch.Items!.Select(item => item.Source));
    }

    [Fact]
    public async Task Results_come_together_in_one_summary()
    {
        using var form = Form(("file", "a.jpg", Jpeg), ("file", "b.png", Png), ("file", "c.jpg", Jpeg), ("file", "d.jpg", Jpeg), ("file", "e", Text));
        var batch = await SubmitAsync(form);
        var ids = batch.Items!.Where(item => item.AnalysisId is not null).Select(item => item.AnalysisId!).ToList();
        await Host.Analyses.AdvanceAsync(ids[0], Stage.Frames, 40, CancellationToken.None);
        Assert.Equal((BatchStatus.Running, 28.0), (await GetAsync(batch.Id) is var half ? half.Status : default, half.Progress)); // (40 + 0 + 0 + 0 + 100) / 5

        await FinishAsync(ids[0], AnalysisStatus.Completed, Verdict.Manipulated, 97.5);
        await FinishAsync(ids[1], AnalysisStatus.Completed, Verdict.Authentic, 2);
        await FinishAsync(ids[2], AnalysisStatus.Failed, null, null);
        await Host.Analyses.DeleteAsync("default", ids[3], CancellationToken.None);
        var done = await GetAsync(batch.Id);

        Assert.Equal((BatchStatus.Completed, 100.0, 97.5), (done.Status, done.Progress, done.Summary.HighestScore));
        Assert.Equal(new Dictionary<string, int> { ["completed"] = 2, ["failed"] = 1, ["deleted"] = 1, ["rejected"] = 1 }, done.Summary.ByStatus);
        Assert.Equal(new Dictionary<string, int> { ["manipulated"] = 1, ["authentic"] = 1 }, done.Summary.ByVerdict);
        Assert.Equal((Verdict.Manipulated, 97.5, ErrorCodes.StageFailed), (done.Items![0].Verdict, done.Items[0].DeepfakeScore, done.Items[2].Error!.Code));

        // Cancelling what is over changes nothing.
        using var response = await Host.Client.PostAsync($"/v1/batches/{batch.Id}/cancel", null);
        Assert.Equal(BatchStatus.Completed, Read<Batch>(await response.Content.ReadAsStringAsync()).Status);
    }

    [Fact]
    public async Task Cancelling_ends_what_is_not_over()
    {
        var batch = await SubmitAsync(new { items = new[] { new { url = $"{Origin}/a.jpg" }, new { url = $"{Origin}/held.jpg" } } });
        batch = await WaitAsync(batch.Id, now => now.Summary.ByStatus.GetValueOrDefault("accepted") == 1);

        using var response = await Host.Client.PostAsync($"/v1/batches/{batch.Id}/cancel", null);
        var cancelled = Read<Batch>(await response.Content.ReadAsStringAsync());

        Assert.Equal((BatchStatus.Cancelled, 2), (cancelled.Status, cancelled.Summary.ByStatus["cancelled"]));
        var result = await Host.Analyses.FindResultAsync("default", cancelled.Items![0].AnalysisId!, CancellationToken.None);
        Assert.Equal((AnalysisStatus.Cancelled, Stage.Done), (result!.Status, result.Stage));
        Assert.Single(await Host.Analyses.FindUnannouncedAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None)); // ResultService goes on from here

        Release();
        await Eventually.TrueAsync(async () => await Host.Analyses.CountUnfinishedAsync(CancellationToken.None) == 0, "what was on its way is ended too");
        Assert.Equal(BatchStatus.Cancelled, (await GetAsync(batch.Id)).Status);
    }

    [Fact]
    public async Task A_deleted_batch_is_gone_and_its_ended_analyses_stay()
    {
        using var form = Form(("file", "a.jpg", Jpeg));
        var batch = await SubmitAsync(form);
        await FinishAsync(batch.Items![0].AnalysisId!, AnalysisStatus.Completed, Verdict.Authentic, 1);

        using var deleted = await Host.Client.DeleteAsync($"/v1/batches/{batch.Id}");

        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await Answers.IsProblemAsync(await Host.Client.GetAsync($"/v1/batches/{batch.Id}"), 404, ErrorCodes.NotFound);
        Assert.Equal(AnalysisStatus.Completed, (await Host.Analyses.FindAsync(batch.Items[0].AnalysisId!, CancellationToken.None))!.Status);
    }

    [Fact]
    public async Task A_deleted_batch_does_not_come_back_with_a_late_replay()
    {
        using var first = await PostAsync(Form(("file", "a.jpg", Jpeg)), "late");
        var batch = await IsAcceptedAsync(first);
        using var deleted = await Host.Client.DeleteAsync($"/v1/batches/{batch.Id}");

        await Answers.IsProblemAsync(await PostAsync(Form(("file", "a.jpg", Jpeg)), "late"), 404, ErrorCodes.NotFound);

        Assert.Equal(0, await Host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Empty(Read<BatchPage>(await Host.Client.GetStringAsync("/v1/batches")).Items);
    }

    [Fact]
    public async Task A_deleted_analysis_leaves_nothing_of_it_in_the_batch()
    {
        using var form = Form(("file", "a very private name.jpg", Jpeg), ("file", "b.jpg", Jpeg));
        var batch = await SubmitAsync(form);
        await FinishAsync(batch.Items![0].AnalysisId!, AnalysisStatus.Completed, Verdict.Manipulated, 99);
        Assert.Equal(99, (await GetAsync(batch.Id)).Summary.HighestScore);

        await Host.Analyses.DeleteAsync("default", batch.Items[0].AnalysisId!, CancellationToken.None);
        var after = await GetAsync(batch.Id);

        Assert.Equal((BatchItemStatus.Deleted, null, null, null), (after.Items![0].Status, after.Items[0].FileName, after.Items[0].Verdict, after.Summary.HighestScore));
        var stored = (await Host.Documents<StoredBatch>().FindAsync("default", batch.Id, CancellationToken.None))!.Value;
        Assert.DoesNotContain("private", JsonSerializer.Serialize(stored, DeepfakeJson.Options), StringComparison.Ordinal);
        Assert.Equal(JsonSerializer.Serialize(after, DeepfakeJson.Options), JsonSerializer.Serialize(await GetAsync(batch.Id), DeepfakeJson.Options));
    }

    [Fact]
    public async Task Batches_are_listed_newest_first_by_tenant()
    {
        var ids = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            using var form = Form(("file", "a.jpg", Jpeg), ("reference", null, Encoding.UTF8.GetBytes($"{i}")));
            ids.Add((await SubmitAsync(form)).Id);
        }

        var first = Read<BatchPage>(await Host.Client.GetStringAsync("/v1/batches?limit=3"));
        var second = Read<BatchPage>(await Host.Client.GetStringAsync($"/v1/batches?limit=3&cursor={first.NextCursor}"));

        ids.Reverse();
        Assert.Equal(ids, first.Items.Concat(second.Items).Select(batch => batch.Id));
        Assert.Equal(["4", "3", "2"], first.Items.Select(batch => batch.Reference));
        Assert.Null(second.NextCursor);
        Assert.All(first.Items, batch => Assert.Null(batch.Items));
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/batches") { Headers = { { IngestHost.TenantHeader, "other" } } };
        Assert.Empty(Read<BatchPage>(await (await Host.Client.SendAsync(request)).Content.ReadAsStringAsync()).Items);
        await Answers.IsProblemAsync(await Host.Client.GetAsync("/v1/batches?limit=0"), 400, ErrorCodes.InvalidRequest);
        await Answers.IsProblemAsync(await Host.Client.GetAsync("/v1/batches?cursor=x"), 400, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task Another_tenant_finds_no_batch()
    {
        using var form = Form(("file", "a.jpg", Jpeg));
        var batch = await SubmitAsync(form);

        foreach (var (method, path) in new[] { (HttpMethod.Get, ""), (HttpMethod.Post, "/cancel"), (HttpMethod.Delete, "") })
        {
            using var request = new HttpRequestMessage(method, $"/v1/batches/{batch.Id}{path}") { Headers = { { IngestHost.TenantHeader, "other" } } };
            await Answers.IsProblemAsync(await Host.Client.SendAsync(request), 404, ErrorCodes.NotFound);
        }

        Assert.Equal(BatchStatus.Running, (await GetAsync(batch.Id)).Status);
    }

    [Fact]
    public async Task Many_replays_at_once_make_one_batch()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(_ => PostAsync(Form(("file", "a.jpg", Jpeg), ("file", "b", Text), ("file", "c.png", Png)), "k")));

        var batches = new List<Batch>();
        foreach (var answer in answers) batches.Add(await IsAcceptedAsync(answer));
        Assert.Single(batches.Select(batch => batch.Id).Distinct());
        Assert.Single(answers, answer => !answer.Headers.Contains(SubmitEndpoint.ReplayedHeader));
        Assert.Equal(2, Host.Uploads().Count);
        Assert.Equal(2, await Host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        await Answers.IsProblemAsync(await PostAsync(Form(("file", "a.jpg", Jpeg)), "k"), 422, ErrorCodes.IdempotencyKeyReused);
        await Answers.IsProblemAsync(await PostAsync(Form(("file", "a.jpg", Jpeg), ("file", "b", Text), ("file", "c.png", Png), ("profile", null, "strict"u8.ToArray())), "k"), 422, ErrorCodes.IdempotencyKeyReused);
        Assert.Equal(2, Host.Uploads().Count);
    }

    [Fact]
    public async Task Items_wait_for_room()
    {
        await using var host = await IngestHost.StartAsync(null, [.. Settings, ("Ingest:BacklogLimit", "2")]);
        using var answer = await host.Client.PostAsync("/v1/batches", Form(("file", "a.jpg", Jpeg), ("file", "b.jpg", Jpeg), ("file", "c.jpg", Jpeg), ("file", "d.jpg", Jpeg), ("file", "e.jpg", Jpeg), ("file", "f.jpg", Jpeg), ("file", "g.jpg", Jpeg)));
        var batch = await IsAcceptedAsync(answer);
        Assert.True(batch.Summary.ByStatus["pending"] >= 1, JsonSerializer.Serialize(batch.Summary));
        await Answers.IsProblemAsync(await host.Client.PostAsync("/v1/batches", Form(("file", "a.jpg", Jpeg))), 503, ErrorCodes.BacklogFull);

        await Eventually.TrueAsync(async () =>
        {
            foreach (var state in await host.Analyses.FindUnfinishedAsync(10, CancellationToken.None)) await FinishAsync(state.Record.Id, AnalysisStatus.Completed, Verdict.Authentic, 1, host);
            return Read<Batch>(await host.Client.GetStringAsync($"/v1/batches/{batch.Id}")).Status == BatchStatus.Completed;
        }, "all are done");
    }

    [Fact]
    public async Task An_old_batch_is_forgotten()
    {
        await using var host = await IngestHost.StartAsync(null, [.. Settings, ("Ingest:BatchWindow", "00:00:01")]);
        var batch = await IsAcceptedAsync(await host.Client.PostAsync("/v1/batches", Form(("file", "a.jpg", Jpeg))));

        await Eventually.TrueAsync(async () => await host.Documents<StoredBatch>().FindAsync("default", batch.Id, CancellationToken.None) is null, "the batch is forgotten");
        Assert.NotNull(await host.Analyses.FindAsync(batch.Items![0].AnalysisId!, CancellationToken.None));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("{\"items\":{}}")]
    [InlineData("{\"items\":")]
    [InlineData("{\"items\":[{\"url\":\"https://example.org/\"}],\"lane\":\"live\"}")]
    public async Task What_is_no_batch_is_refused(string json)
    {
        using var content = new StringContent(json, null, "application/json");

        await Answers.IsProblemAsync(await Host.Client.PostAsync("/v1/batches", content), 400, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task A_batch_has_some_items_and_not_too_many()
    {
        using var none = new StringContent("{\"items\":[]}", null, "application/json");
        await Answers.IsProblemAsync(await Host.Client.PostAsync("/v1/batches", none), 400, ErrorCodes.MissingFile);
        await Answers.IsProblemAsync(await Host.PostJsonAsync("/v1/batches", new { items = Enumerable.Repeat(new { url = "https://example.org/" }, 21) }), 400, ErrorCodes.InvalidRequest);
        using var many = Form([.. Enumerable.Repeat(("file", (string?)"a.jpg", Jpeg), 21)]);
        await Answers.IsProblemAsync(await Host.Client.PostAsync("/v1/batches", many), 400, ErrorCodes.InvalidRequest);
        await Host.AssertNothingLeftAsync();
    }
}
