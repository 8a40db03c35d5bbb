using System.Net;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Submission;

namespace Deepfake.IngestService.Tests.Idempotency;

public sealed class IdempotencyTests
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private static readonly byte[] Png = SampleMedia.Make("png:-frames:v 1");

    [Fact]
    public async Task A_replay_gets_the_same_answer_and_makes_nothing()
    {
        await using var host = await IngestHost.StartAsync();
        using var first = await SubmitAsync(host, "k1", "?reference=r&lane=batch");
        var text = await first.Content.ReadAsStringAsync();
        var analysis = await Answers.IsAcceptedAsync(first);
        Assert.False(first.Headers.Contains(SubmitEndpoint.ReplayedHeader));

        for (var i = 0; i < 3; i++)
        {
            using var again = await SubmitAsync(host, "\"k1\"", "?reference=r&lane=batch");

            Assert.Equal(HttpStatusCode.Accepted, again.StatusCode);
            Assert.Equal(text, await again.Content.ReadAsStringAsync());
            Assert.Equal(first.Headers.Location, again.Headers.Location);
            Assert.Equal("true", Assert.Single(again.Headers.GetValues(SubmitEndpoint.ReplayedHeader)));
        }

        await host.Inbox.WaitForAsync(analysis.Id);
        Assert.Single(host.Inbox.Received);
        Assert.Single(host.Uploads());
    }

    [Fact]
    public async Task The_answer_stays_the_same_after_the_analysis_was_deleted_and_with_a_full_backlog()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:BacklogLimit", "1"));
        var deleted = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"));
        await host.Analyses.DeleteAsync("default", deleted.Id, CancellationToken.None);
        await Eventually.TrueAsync(async () => (await host.PostRawAsync(Png)).IsSuccessStatusCode, "the backlog is full of another one");

        Assert.Equal(deleted.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"))).Id);
        await Answers.IsProblemAsync(await SubmitAsync(host, "k2"), 503, ErrorCodes.BacklogFull);
    }

    [Fact]
    public async Task A_key_keeps_nothing_of_the_file_once_the_analysis_was_deleted()
    {
        await using var host = await IngestHost.StartAsync();
        string[] secrets = ["secret.jpg", "case-7", "acme-12", Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(Jpeg))];
        Task<HttpResponseMessage> SubmitAsync() => host.PostRawAsync(
            Jpeg, "?reference=case-7&metadata=" + Uri.EscapeDataString("""{"a":"acme-12"}"""), "image/jpeg", (IdempotencyKey.Header, "k1"), ("X-Filename", "secret.jpg"));
        using var first = await SubmitAsync();
        var text = await first.Content.ReadAsStringAsync();
        Assert.All(secrets, secret => Assert.Contains(secret, text, StringComparison.Ordinal));
        var analysis = await Answers.IsAcceptedAsync(first);

        await host.Analyses.DeleteAsync("default", analysis.Id, CancellationToken.None);

        using var again = await SubmitAsync();
        Assert.Equal(analysis.Id, (await Answers.IsAcceptedAsync(again)).Id);
        text = await again.Content.ReadAsStringAsync() + System.Text.Json.JsonSerializer.Serialize((await FindAsync(host, "k1"))!.Value, DeepfakeJson.Options);
        Assert.All(secrets, secret => Assert.DoesNotContain(secret, text, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_key_that_comes_back_with_something_else_is_refused()
    {
        await using var host = await IngestHost.StartAsync();
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"));

        await Answers.IsProblemAsync(await SubmitAsync(host, "k1", body: Png), 422, ErrorCodes.IdempotencyKeyReused);
        await Answers.IsProblemAsync(await SubmitAsync(host, "k1", "?lane=batch"), 422, ErrorCodes.IdempotencyKeyReused);
        await Answers.IsProblemAsync(await SubmitAsync(host, "k1", "?reuse=true"), 422, ErrorCodes.IdempotencyKeyReused);
        await Answers.IsProblemAsync(await SubmitAsync(host, "k1", body: "no picture"u8.ToArray()), 422, ErrorCodes.IdempotencyKeyReused);
        await Answers.IsProblemAsync(await host.PostRawAsync(Jpeg, "", "image/jpeg", (IdempotencyKey.Header, "k1"), ("X-Filename", "other.jpg")), 422, ErrorCodes.IdempotencyKeyReused);

        Assert.Equal(analysis.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"))).Id);
        Assert.Single(host.Uploads());
    }

    [Fact]
    public async Task A_key_belongs_to_its_tenant()
    {
        await using var host = await IngestHost.StartAsync();
        var mine = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"));

        var theirs = await Answers.IsAcceptedAsync(await host.PostRawAsync(Png, "", "image/png", (IdempotencyKey.Header, "k1"), (IngestHost.TenantHeader, "other")));

        Assert.NotEqual(mine.Id, theirs.Id);
        Assert.Null(await host.Analyses.FindAsync("default", theirs.Id, CancellationToken.None));
        Assert.NotNull(await host.Analyses.FindAsync("other", theirs.Id, CancellationToken.None));
    }

    [Theory]
    [InlineData("\"unfinished")]
    [InlineData("\"two\" \"strings\"")]
    [InlineData("\"bad \\escape\"")]
    [InlineData("\"\"")]
    [InlineData("x*256")]
    public async Task What_is_no_key_is_refused(string key)
    {
        await using var host = await IngestHost.StartAsync();

        using var response = await SubmitAsync(host, key == "x*256" ? new string('x', 256) : key);

        await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_thousand_replays_at_once_make_one_analysis()
    {
        await using var host = await IngestHost.StartAsync();
        await Replays.AssertOneAsync(host, Jpeg, 1000);
        Assert.Single(host.Uploads());
    }

    [Fact]
    public async Task Of_different_requests_with_one_key_at_once_one_wins()
    {
        await using var host = await IngestHost.StartAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(i => SubmitAsync(host, "k1", $"?reference={i % 10}")));

        var accepted = answers.Where(answer => answer.StatusCode == HttpStatusCode.Accepted).ToList();
        Assert.Equal(10, accepted.Count);
        Assert.Single(accepted.Select(answer => answer.Headers.Location).Distinct());
        foreach (var refused in answers.Except(accepted)) await Answers.IsProblemAsync(refused, 422, ErrorCodes.IdempotencyKeyReused);
        Assert.Single(host.Uploads());
        Assert.Equal(1, await host.Analyses.CountUnfinishedAsync(CancellationToken.None));
    }

    [Theory]
    [InlineData(nameof(IAnalysisStore.CreateAsync))]
    [InlineData("claims")]
    public async Task A_store_that_fails_leaves_the_key_good(string broken)
    {
        await using var host = await IngestHost.StartAsync();
        if (broken == "claims") host.Breaks.Documents.Add(nameof(IDocumentStore<>.TryAddAsync));
        else host.Breaks.Analyses.Add(broken);
        await Answers.IsProblemAsync(await SubmitAsync(host, "k1"), 503, ErrorCodes.Unavailable);
        await host.AssertNothingLeftAsync();

        host.Breaks.Analyses.Clear();
        host.Breaks.Documents.Clear();

        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"));
        Assert.Equal(analysis.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"))).Id);
    }

    [Fact]
    public async Task An_answer_that_could_not_be_kept_is_told_from_the_record()
    {
        await using var host = await IngestHost.StartAsync();
        host.Breaks.Documents.Add(nameof(IDocumentStore<>.TryUpdateAsync));
        var first = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1", "?reference=r"));

        using var again = await SubmitAsync(host, "k1", "?reference=r");

        Assert.Equal((first.Id, "r"), (await Answers.IsAcceptedAsync(again) is var answer ? answer.Id : "", answer.Reference));
        Assert.True(again.Headers.Contains(SubmitEndpoint.ReplayedHeader));
        Assert.Single(host.Uploads());
    }

    [Fact]
    public async Task A_request_that_is_just_being_recorded_asks_to_come_back()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:IdempotencyPatience", "00:00:00.100"));
        await ClaimAsync(host, "k1", Jpeg, DateTimeOffset.UtcNow);

        using var same = await SubmitAsync(host, "k1");
        using var other = await SubmitAsync(host, "k1", body: Png);

        await Answers.IsProblemAsync(same, 409, ErrorCodes.IdempotencyInProgress);
        Assert.Equal(TimeSpan.FromSeconds(1), same.Headers.RetryAfter?.Delta);
        await Answers.IsProblemAsync(other, 422, ErrorCodes.IdempotencyKeyReused);
        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_claim_whose_process_died_is_taken_over_once()
    {
        await using var host = await IngestHost.StartAsync();
        await ClaimAsync(host, "k1", Jpeg, DateTimeOffset.UtcNow.AddMinutes(-1));

        await Replays.AssertOneAsync(host, Jpeg, 50, "k1");

        Assert.Single(host.Uploads());
    }

    [Fact]
    public async Task Who_was_taken_over_while_recording_gives_way()
    {
        await using var host = await IngestHost.StartAsync();
        // Between claim and record the process stands still for so long that another one takes the claim and answers.
        host.Breaks.Analyses.Before[nameof(IAnalysisStore.CreateAsync)] = () => TakeOverAsync(host, "k1").GetAwaiter().GetResult();

        using var late = await SubmitAsync(host, "k1");

        Assert.Equal("an_successor", (await Answers.IsAcceptedAsync(late)).Id);
        await host.AssertNothingLeftAsync();
        Assert.Empty(host.Inbox.Received);
    }

    [Fact]
    public async Task Who_was_taken_over_leaves_no_record_while_the_other_is_still_at_it()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:IdempotencyPatience", "00:00:00.100"));
        host.Breaks.Analyses.Before[nameof(IAnalysisStore.CreateAsync)] = () => TakeOverAsync(host, "k1", isSettled: false).GetAwaiter().GetResult();

        await Answers.IsProblemAsync(await SubmitAsync(host, "k1"), 409, ErrorCodes.IdempotencyInProgress);

        await host.AssertNothingLeftAsync();
        Assert.Empty(await host.Analyses.FindUnfinishedAsync(10, CancellationToken.None));
    }

    [Fact]
    public async Task Keys_are_forgotten_after_their_time()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:IdempotencyWindow", "00:00:01"), ("Ingest:ExpiryInterval", "00:00:00.100"));
        var first = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"));
        await Eventually.TrueAsync(async () => await FindAsync(host, "k1") is null, "the claim was removed");

        Assert.NotEqual(first.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1", body: Png))).Id);
    }

    [Fact]
    public async Task An_expired_key_that_is_not_yet_removed_is_free()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:IdempotencyWindow", "00:00:01"));
        var first = await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1"));
        await Eventually.TrueAsync(async () => (await FindAsync(host, "k1"))!.Due <= DateTimeOffset.UtcNow, "the claim expires");

        Assert.NotEqual(first.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(host, "k1", body: Png))).Id);
    }

    private static Task<HttpResponseMessage> SubmitAsync(IngestHost host, string key, string query = "", byte[]? body = null) =>
        host.PostRawAsync(body ?? Jpeg, query, "application/octet-stream", (IdempotencyKey.Header, key));

    private static Task<Document<IdempotencyClaim>?> FindAsync(IngestHost host, string key) =>
        host.Documents<IdempotencyClaim>().FindAsync("default", IdempotencyKey.DocumentId("analysis", key), CancellationToken.None);

    /// <summary>What a process leaves that dies between claim and record.</summary>
    private static async Task ClaimAsync(IngestHost host, string key, byte[] body, DateTimeOffset at)
    {
        var sha256 = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(body));
        var claim = new IdempotencyClaim { Fingerprint = Fingerprint.Of($"sha256 {sha256}", new SubmissionFields(), reuse: false), AnalysisId = "an_lost", ClaimedAt = at };
        var document = new Document<IdempotencyClaim>("default", IdempotencyKey.DocumentId("analysis", key), claim, at.AddDays(1));
        Assert.True(await host.Documents<IdempotencyClaim>().TryAddAsync(document, CancellationToken.None));
    }

    private static async Task TakeOverAsync(IngestHost host, string key, bool isSettled = true)
    {
        var claim = (await FindAsync(host, key))!;
        var answer = new Analysis
        {
            Id = "an_successor",
            Status = AnalysisStatus.Accepted,
            Stage = Stage.Queued,
            Progress = 0,
            CreatedAt = DateTimeOffset.UtcNow,
            Media = new MediaSummary { Format = MediaFormat.Jpeg, Sha256 = "", SizeBytes = 1 },
        };
        Assert.True(await host.Documents<IdempotencyClaim>().TryUpdateAsync(claim with { Value = claim.Value with { AnalysisId = answer.Id, Answer = isSettled ? answer : null } }, CancellationToken.None));
    }
}
