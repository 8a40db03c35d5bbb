using System.Net;
using System.Net.Http.Headers;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Uploads;

namespace Deepfake.IngestService.Tests;

/// <summary>The analysis store writes the record, and the answer never comes back.</summary>
public sealed class LostAnswerTests
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private static readonly (string, string)[] QuickSweeps = [("Ingest:SweepInterval", "00:00:00.100"), ("Ingest:SweepAge", "00:00:00")];

    [Theory]
    [InlineData("upload")]
    [InlineData("key")]
    public async Task What_somebody_was_told_is_accepted_stays_accepted(string way)
    {
        await using var host = await IngestHost.StartAsync();
        var submit = await WayAsync(host, way);
        Analysis? other = null;
        host.Breaks.Analyses.Lost[nameof(IAnalysisStore.CreateAsync)] = async () => other = await Answers.IsAcceptedAsync(await submit());

        var mine = await Answers.IsAcceptedAsync(await submit());

        Assert.Equal(other!.Id, mine.Id);
        await AssertAliveAsync(host, mine.Id);
    }

    [Theory]
    [InlineData("upload")]
    [InlineData("key")]
    public async Task When_nobody_can_tell_whether_it_was_written_a_repetition_finds_it(string way)
    {
        await using var host = await IngestHost.StartAsync(null, QuickSweeps);
        var submit = await WayAsync(host, way);
        host.Breaks.Analyses.Lost[nameof(IAnalysisStore.CreateAsync)] = () =>
        {
            host.Breaks.Analyses.Add(nameof(IAnalysisStore.FindAsync));
            return Task.CompletedTask;
        };
        await Answers.IsProblemAsync(await submit(), 503, ErrorCodes.Unavailable);
        host.Breaks.Analyses.Clear();

        var analysis = await Answers.IsAcceptedAsync(await submit());

        await AssertAliveAsync(host, analysis.Id);
    }

    [Fact]
    public async Task A_record_that_nobody_else_knows_of_is_taken_back()
    {
        await using var host = await IngestHost.StartAsync();
        host.Breaks.Analyses.Lost[nameof(IAnalysisStore.CreateAsync)] = () => Task.CompletedTask;

        await Answers.IsProblemAsync(await host.PostRawAsync(Jpeg), 503, ErrorCodes.Unavailable);

        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task An_upload_whose_key_was_taken_over_meanwhile_keeps_its_analysis()
    {
        await using var host = await IngestHost.StartAsync();
        var submit = await WayAsync(host, "upload", "k");
        host.Breaks.Analyses.Before[nameof(IAnalysisStore.CreateAsync)] = () =>
        {
            var claims = host.Documents<IdempotencyClaim>();
            var claim = claims.FindAsync("default", IdempotencyKey.DocumentId("analysis", "k"), CancellationToken.None).GetAwaiter().GetResult()!;
            Assert.True(claims.TryUpdateAsync(claim with { Value = claim.Value with { ClaimedAt = DateTimeOffset.UtcNow } }, CancellationToken.None).GetAwaiter().GetResult());
        };

        var analysis = await Answers.IsAcceptedAsync(await submit());

        await AssertAliveAsync(host, analysis.Id);
        Assert.Equal(analysis.Id, (await Answers.IsAcceptedAsync(await submit())).Id);
    }

    private static async Task AssertAliveAsync(IngestHost host, string id)
    {
        await host.Inbox.WaitForAsync(id);
        Assert.NotNull(await host.Analyses.FindAsync("default", id, CancellationToken.None));
        Assert.True(await host.Objects.ExistsAsync($"default/{id}/media", CancellationToken.None));
        Assert.Equal(1, await host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Single(host.Uploads());
    }

    private static async Task<Func<Task<HttpResponseMessage>>> WayAsync(IngestHost host, string way, string? key = null)
    {
        if (way == "key") return () => host.PostRawAsync(Jpeg, headers: (IdempotencyKey.Header, "k"));
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/uploads") { Content = new ByteArrayContent(Jpeg) { Headers = { ContentType = MediaTypeHeaderValue.Parse(TusEndpoints.PieceType) } } };
        request.Headers.Add("Tus-Resumable", "1.0.0");
        request.Headers.Add("Upload-Length", $"{Jpeg.Length}");
        using var created = await host.Client.SendAsync(request);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var id = created.Headers.Location!.OriginalString["/v1/uploads/".Length..];
        return () => host.PostJsonAsync("/v1/analyses", new { upload_id = id }, key is null ? [] : [(IdempotencyKey.Header, key)]);
    }
}
