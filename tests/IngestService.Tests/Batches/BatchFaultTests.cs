using System.Net.Sockets;
using System.Text;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Objects;
using Deepfake.IngestService.Batches;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Tests.Batches;

/// <summary>What unlucky and hostile clients, stores and processes do to batches.</summary>
public sealed class BatchFaultTests : BatchTestBase
{
    [Fact]
    public async Task What_a_process_left_behind_is_gone_on_with_once()
    {
        var folder = Directory.CreateTempSubdirectory("ingest-").FullName;
        var before = await IngestHost.StartAsync(folder, [.. Settings.Where(setting => setting.Key != "Ingest:BatchInterval"), ("Ingest:BatchInterval", "01:00:00")]);
        before.Breaks.Analyses.Add(nameof(IAnalysisStore.CreateAsync));
        using var answer = await before.Client.PostAsync("/v1/batches", Form(("file", "a.jpg", Jpeg), ("items", null, Encoding.UTF8.GetBytes($"[{{\"url\":\"{Origin}/a.jpg\"}}]"))));
        var batch = await IsAcceptedAsync(answer);
        Assert.Equal(2, batch.Summary.ByStatus["pending"]); // accepted, and nothing made of it yet
        await before.StopAsync();

        await using var after = await IngestHost.StartAsync(folder, Settings);
        await Eventually.TrueAsync(async () => Read<Batch>(await after.Client.GetStringAsync($"/v1/batches/{batch.Id}")).Summary.ByStatus.GetValueOrDefault("accepted") == 2, "both are accepted");
        Assert.Equal(2, await after.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Equal(2, after.Uploads().Count);
    }

    [Fact]
    public async Task A_host_that_stops_in_the_middle_gives_its_batches_back()
    {
        var folder = Directory.CreateTempSubdirectory("ingest-").FullName;
        var before = await IngestHost.StartAsync(folder, Settings);
        using var answer = await before.Client.PostAsync("/v1/batches", Form(("items", null, Encoding.UTF8.GetBytes($"[{{\"url\":\"{Origin}/held.jpg\"}}]"))));
        var batch = await IsAcceptedAsync(answer);
        await Eventually.TrueAsync(() => Fetched("/held.jpg") == 1, "it is being fetched");
        await before.StopAsync();
        Release();

        await using var after = await IngestHost.StartAsync(folder, Settings);
        await Eventually.TrueAsync(async () => Read<Batch>(await after.Client.GetStringAsync($"/v1/batches/{batch.Id}")).Summary.ByStatus.ContainsKey("accepted"), "it is accepted at once");
        Assert.Equal(1, await after.Analyses.CountUnfinishedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task What_a_killed_process_left_is_due_when_its_lease_ends()
    {
        // As it is between the batch and its first analysis: the file is stored, somebody has the lease, nobody is there.
        var id = new AnalysisIds(TimeProvider.System).Next();
        var key = ObjectKeys.Media("default", id);
        await Host.Objects.PutAsync(key, new MemoryStream(Jpeg), "image/jpeg", CancellationToken.None);
        var now = DateTimeOffset.UtcNow;
        var batch = new StoredBatch
        {
            Items = [new StoredItem { AnalysisId = id, Media = new StoredMedia(key, MediaFormat.Jpeg, Jpeg.Length, new string('0', 64)), Fields = new SubmissionFields { FileName = "a.jpg" } }],
            CreatedAt = now,
            ExpiresAt = now.AddDays(1),
        };
        var batchId = StoredBatch.IdOf(id);
        await Host.Documents<StoredBatch>().TryAddAsync(new Document<StoredBatch>("default", batchId, batch, now), CancellationToken.None);

        var gone = await WaitAsync(batchId, found => found.Summary.ByStatus.ContainsKey("accepted"));

        Assert.Equal((id, "a.jpg"), (gone.Items![0].AnalysisId, gone.Items[0].FileName));
        await Host.Inbox.WaitForAsync(id);
    }

    [Fact]
    public async Task A_batch_that_is_written_is_accepted_whatever_breaks_then()
    {
        Host.Breaks.Documents.Add("TryUpdateAsync");
        using var form = Form(("file", "a.jpg", Jpeg), ("file", "b.png", Png));
        var batch = await SubmitAsync(form);
        Host.Breaks.Documents.Remove("TryUpdateAsync");

        Assert.Equal(2, Host.Uploads().Count); // the files are there for whoever goes on
        Assert.Equal(2, await Host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Equal(2, batch.Summary.Total);
    }

    [Fact]
    public async Task A_client_that_hangs_up_half_way_leaves_nothing()
    {
        using (var socket = new TcpClient())
        {
            await socket.ConnectAsync(Host.Client.BaseAddress!.Host, Host.Client.BaseAddress.Port);
            var stream = socket.GetStream();
            var head = "POST /v1/batches HTTP/1.1\r\nHost: x\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000000\r\n\r\n";
            await stream.WriteAsync(Encoding.ASCII.GetBytes(head + "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\n"));
            await stream.WriteAsync(Jpeg);
            await stream.WriteAsync(Encoding.ASCII.GetBytes("\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.jpg\"\r\n\r\n"));
            await stream.WriteAsync(Jpeg.AsMemory(0, Jpeg.Length / 2));
            await Eventually.TrueAsync(() => Host.Uploads().Count > 0, "the first file is stored");
        }

        await Eventually.TrueAsync(() => Host.Uploads().Count == 0, "nothing is left");
        await Host.AssertNothingLeftAsync();
        Assert.Empty(Read<BatchPage>(await Host.Client.GetStringAsync("/v1/batches")).Items);
    }

    [Fact]
    public async Task Ten_thousand_items_are_refused_as_a_list_and_as_a_form()
    {
        await Answers.IsProblemAsync(await Host.PostJsonAsync("/v1/batches", new { items = Enumerable.Repeat(new { url = "https://example.org/" }, 10_000) }), 400, ErrorCodes.InvalidRequest);
        using var form = Form([.. Enumerable.Repeat(("file", (string?)"a.jpg", Jpeg), 10_000)]);
        using var answer = await Host.Client.PostAsync("/v1/batches", form);
        await Answers.IsProblemAsync(answer, 400, ErrorCodes.InvalidRequest);
        using var fields = Form([.. Enumerable.Repeat(("field", (string?)null, Text), 10_000)]);
        await Answers.IsProblemAsync(await Host.Client.PostAsync("/v1/batches", fields), 400, ErrorCodes.InvalidRequest);
        await Host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_picture_that_would_unfold_to_gigabytes_is_refused_by_its_head_and_the_rest_goes_on()
    {
        var bomb = (byte[])Png.Clone();
        byte[] side = [0, 1, 0x86, 0xa0]; // 100,000
        side.CopyTo(bomb, 16);
        side.CopyTo(bomb, 20);
        using var form = Form(("file", "same.png", bomb), ("file", "same.png", Png), ("file", "same.png", Png));
        var batch = await SubmitAsync(form);

        Assert.Equal([ErrorCodes.TooManyPixels, null, null], batch.Items!.Select(item => item.Error?.Code));
        Assert.All(batch.Items!, item => Assert.Equal("same.png", item.FileName));
        Assert.NotEqual(batch.Items![1].AnalysisId, batch.Items[2].AnalysisId);
    }

    [Fact]
    public async Task A_file_above_the_limit_is_refused_and_a_body_above_its_own_refuses_all()
    {
        await using var host = await IngestHost.StartAsync(null, [.. Settings, ("Ingest:MaxBytes", "100000"), ("Ingest:BatchBytes", "400000")]);
        byte[] large = [.. Jpeg, .. new byte[150_000]];
        var batch = await IsAcceptedAsync(await host.Client.PostAsync("/v1/batches", Form(("file", "large.jpg", large), ("file", "a.jpg", Jpeg))));
        Assert.Equal([ErrorCodes.TooLarge, null], batch.Items!.Select(item => item.Error?.Code));
        Assert.Single(host.Uploads());

        using var form = Form(("file", "a.jpg", Jpeg), ("file", "b.jpg", large), ("file", "c.jpg", large), ("file", "d.jpg", large));
        form.Headers.ContentLength = null;
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = form, Headers = { TransferEncodingChunked = true } };
        await Answers.IsProblemAsync(await host.Client.SendAsync(request), 413, ErrorCodes.TooLarge);
        Assert.Single(host.Uploads());
    }

    [Fact]
    public async Task A_key_has_no_more_at_once_than_it_may_and_nothing_is_fetched_twice_for_it()
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = Form(("items", null, Encoding.UTF8.GetBytes($"[{string.Join(',', Enumerable.Repeat($"{{\"url\":\"{Origin}/a.jpg\"}}", 7))}]"))) };
        request.Headers.Add(IngestHost.TenantHeader, "acme");
        request.Headers.Add(IngestHost.ConcurrencyHeader, "2");
        var batch = await IsAcceptedAsync(await Host.Client.SendAsync(request));

        var ended = new List<string>();
        await Eventually.TrueAsync(async () =>
        {
            var unfinished = await Host.Analyses.FindUnfinishedAsync(20, CancellationToken.None);
            Assert.InRange(unfinished.Count, 0, 2);
            foreach (var state in unfinished)
            {
                await FinishAsync(state.Record.Id, AnalysisStatus.Completed, Verdict.Authentic, 1);
                ended.Add(state.Record.Id);
            }

            return ended.Count == 7;
        }, "all had their turn");

        Assert.Equal(7, Fetched("/a.jpg"));
        Assert.Equal(7, Host.Uploads().Count);
        await Eventually.TrueAsync(async () =>
        {
            using var read = new HttpRequestMessage(HttpMethod.Get, $"/v1/batches/{batch.Id}") { Headers = { { IngestHost.TenantHeader, "acme" } } };
            return Read<Batch>(await (await Host.Client.SendAsync(read)).Content.ReadAsStringAsync()).Status == BatchStatus.Completed;
        }, "the batch is completed");
    }

    [Fact]
    public async Task Slow_addresses_of_one_tenant_do_not_hold_up_the_batches_of_another()
    {
        for (var i = 0; i < 6; i++) await SubmitAsync(new { items = Enumerable.Repeat(new { url = $"{Origin}/held.jpg" }, 20) });
        await Eventually.TrueAsync(() => Fetched("/held.jpg") == 8, "the slow ones have their places");

        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/batches") { Content = new StringContent($"{{\"items\":[{{\"url\":\"{Origin}/a.jpg\"}}]}}", null, "application/json") };
        request.Headers.Add(IngestHost.TenantHeader, "other");
        var batch = await IsAcceptedAsync(await Host.Client.SendAsync(request));

        await Host.Inbox.WaitForAsync((await StoredAsync("other", batch.Id)).Items[0].AnalysisId);
        Assert.Equal(8, Fetched("/held.jpg"));
    }

    [Fact]
    public async Task An_upload_named_twice_is_one_analysis()
    {
        var upload = await UploadAsync(Png);
        var batch = await SubmitAsync(new { items = new[] { new { upload_id = upload }, new { upload_id = upload } } });

        batch = await WaitAsync(batch.Id, now => !now.Summary.ByStatus.ContainsKey("pending"));

        Assert.Equal(2, batch.Summary.ByStatus["accepted"]);
        Assert.Single(batch.Items!.Select(item => item.AnalysisId).Distinct());
        Assert.Equal(1, await Host.Analyses.CountUnfinishedAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData("objects")]
    [InlineData("documents")]
    public async Task A_store_that_is_away_accepts_nothing(string store)
    {
        if (store == "objects") Host.Breaks.Objects.Add("PutAsync");
        else Host.Breaks.Documents.Add("TryAddAsync");

        using var form = Form(("file", "a.jpg", Jpeg), ("file", "b.jpg", Jpeg));
        await Answers.IsProblemAsync(await Host.Client.PostAsync("/v1/batches", form), 503, ErrorCodes.Unavailable);
        await Host.AssertNothingLeftAsync();
    }

    private async Task<StoredBatch> StoredAsync(string tenant, string id) => (await Host.Documents<StoredBatch>().FindAsync(tenant, id, CancellationToken.None))!.Value;
}
