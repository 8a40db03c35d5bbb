using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Objects;
using Deepfake.ServiceDefaults;

namespace Deepfake.IngestService.Tests;

public sealed class DurabilityTests
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private static readonly (string, string)[] QuickSweeps = [("Ingest:SweepInterval", "00:00:00.100"), ("Ingest:SweepAge", "00:00:00")];

    [Fact]
    public async Task A_broker_that_is_away_does_not_refuse_and_the_sweeper_publishes_later()
    {
        await using var host = await IngestHost.StartAsync(null, QuickSweeps);
        host.Breaks.Bus.Add("Publish");

        using var response = await host.PostRawAsync(Jpeg);
        var analysis = await Answers.IsAcceptedAsync(response);

        Assert.Equal(analysis.Id, Assert.Single(await host.Analyses.FindUnpublishedAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None)).Record.Id);
        Assert.Empty(host.Inbox.Received);

        host.Breaks.Bus.Clear();
        var (message, _) = await host.Inbox.WaitForAsync(analysis.Id);
        Assert.Equal(MediaFormat.Jpeg, message.Format);
        await Eventually.TrueAsync(async () => (await host.Analyses.FindUnpublishedAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None)).Count == 0, "it is marked as published");
    }

    [Fact]
    public async Task A_confirmation_that_was_lost_publishes_twice_rather_than_never()
    {
        await using var host = await IngestHost.StartAsync(null, QuickSweeps);
        host.Breaks.Analyses.Add(nameof(IAnalysisStore.MarkPublishedAsync));

        using var response = await host.PostRawAsync(Jpeg);
        var analysis = await Answers.IsAcceptedAsync(response);
        await Eventually.TrueAsync(() => host.Inbox.Received.Count(entry => entry.Message.AnalysisId == analysis.Id) >= 2, "it is published again");
    }

    [Fact]
    public async Task A_fresh_analysis_is_not_yet_the_sweepers()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:SweepInterval", "00:00:00.050"), ("Ingest:SweepAge", "00:10:00"));
        host.Breaks.Bus.Add("Publish");
        using var response = await host.PostRawAsync(Jpeg);
        await Answers.IsAcceptedAsync(response);
        host.Breaks.Bus.Clear();

        host.Breaks.Analyses.Add(nameof(IAnalysisStore.MarkPublishedAsync)); // would show as a second message
        using var second = await host.PostRawAsync(Jpeg);
        await host.Inbox.WaitForAsync((await Answers.IsAcceptedAsync(second)).Id);

        Assert.Single(host.Inbox.Received);
    }

    [Fact]
    public async Task A_record_that_cannot_be_written_refuses_and_removes_the_file()
    {
        await using var host = await IngestHost.StartAsync();
        host.Breaks.Analyses.Add(nameof(IAnalysisStore.CreateAsync));

        using var response = await host.PostRawAsync(Jpeg);

        await Answers.IsProblemAsync(response, 503, ErrorCodes.Unavailable);
        Assert.NotNull(response.Headers.RetryAfter);
        await host.AssertNothingLeftAsync();
        Assert.Empty(host.Inbox.Received);
    }

    [Fact]
    public async Task A_file_that_cannot_be_stored_refuses()
    {
        await using var host = await IngestHost.StartAsync();
        host.Breaks.Objects.Add(nameof(IObjectStore.PutAsync));

        using var response = await host.PostRawAsync(Jpeg);

        await Answers.IsProblemAsync(response, 503, ErrorCodes.Unavailable);
        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_store_that_cannot_count_refuses_before_reading()
    {
        await using var host = await IngestHost.StartAsync();
        host.Breaks.Analyses.Add(nameof(IAnalysisStore.CountUnfinishedAsync));

        using var response = await host.PostRawAsync(Jpeg);

        await Answers.IsProblemAsync(response, 503, ErrorCodes.Unavailable);
    }

    [Fact]
    public async Task A_full_backlog_refuses_until_there_is_room()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:BacklogLimit", "2"), ("Ingest:BacklogRetryAfter", "00:00:07"));
        var first = await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg));
        await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg));

        using var full = await host.PostRawAsync(Jpeg);
        await Answers.IsProblemAsync(full, 503, ErrorCodes.BacklogFull);
        Assert.Equal(TimeSpan.FromSeconds(7), full.Headers.RetryAfter?.Delta);
        Assert.Equal(2, host.Uploads().Count);

        await host.Analyses.DeleteAsync("default", first.Id, CancellationToken.None);
        await Eventually.TrueAsync(async () =>
        {
            using var response = await host.PostRawAsync(Jpeg);
            return response.IsSuccessStatusCode;
        }, "room again");
    }

    [Fact]
    public async Task A_restarted_host_whose_queue_died_takes_up_what_was_unfinished()
    {
        var folder = Directory.CreateTempSubdirectory("ingest-").FullName;
        var before = await IngestHost.StartAsync(folder);
        var analysis = await Answers.IsAcceptedAsync(await before.PostRawAsync(Jpeg));
        await before.Inbox.WaitForAsync(analysis.Id); // published, and lost with the process
        await before.StopAsync();

        await using var after = await IngestHost.StartAsync(folder, ("Ingest:RecoverOnStart", "true"));
        var (message, _) = await after.Inbox.WaitForAsync(analysis.Id);

        Assert.Equal(analysis.Media.SizeBytes, message.SizeBytes);
        Assert.Single(after.Inbox.Received);
    }

    [Fact]
    public async Task A_republished_analysis_stays_in_the_trace_of_its_request()
    {
        using var listener = new ActivityListener
        {
            ShouldListenTo = source => source.Name is Telemetry.SourceName or "MassTransit" or "Microsoft.AspNetCore",
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
        };
        ActivitySource.AddActivityListener(listener);
        await using var host = await IngestHost.StartAsync(null, QuickSweeps);

        var direct = await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg, headers: ("traceparent", "00-11111111111111111111111111111111-2222222222222222-01")));
        Assert.Equal("11111111111111111111111111111111", (await host.Inbox.WaitForAsync(direct.Id)).Trace.ToHexString());

        host.Breaks.Bus.Add("Publish");
        var swept = await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg, headers: ("traceparent", "00-33333333333333333333333333333333-4444444444444444-01")));
        host.Breaks.Bus.Clear();
        Assert.Equal("33333333333333333333333333333333", (await host.Inbox.WaitForAsync(swept.Id)).Trace.ToHexString());
    }

    [Fact]
    public async Task Many_submissions_at_once_are_all_accepted_once()
    {
        await using var host = await IngestHost.StartAsync();

        var accepted = await Task.WhenAll(Enumerable.Range(0, 50).Select(async _ => (await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg))).Id));
        foreach (var id in accepted) await host.Inbox.WaitForAsync(id);

        Assert.Equal(50, accepted.Distinct().Count());
        Assert.Equal(50, host.Inbox.Received.Count);
        Assert.Equal(50, host.Uploads().Count);
    }
}
