using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Objects;
using Deepfake.ResultService.Merging;
using Deepfake.ResultService.Sweeping;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Merging;

public sealed class MergeTests
{
    // What legitimately differs between two analyses of the same medium.
    private static string Comparable(Analysis analysis) => JsonSerializer.Serialize(
        analysis with
        {
            Id = "",
            CreatedAt = default,
            UpdatedAt = null,
            CompletedAt = null,
            Artifacts = new Dictionary<string, string>(),
            Timings = analysis.Timings.Where(clock => clock.Key != "total").ToDictionary(),
            Faces = [.. analysis.Faces.Select(face => face with { Crop = null, Frame = null })],
        },
        DeepfakeJson.Options);

    [Fact]
    public async Task Completes_once_with_the_same_record_in_every_order_of_arrival_with_every_part_twice()
    {
        await using var host = await ResultHost.StartAsync();
        var records = new HashSet<string>();
        var finished = 0;
        foreach (var order in Permutations([0, 1, 2, 3]))
        {
            var submission = await Submission.CreateAsync(host);
            var deliveries = submission.Deliveries(host);
            foreach (var part in order)
            {
                await deliveries[part]();
                await deliveries[part]();
            }

            records.Add(Comparable(await host.WaitForEndAsync(submission.Id)));
            Assert.Single(host.Completed(submission.Id));
            Assert.NotNull(await host.History.FindAsync("default", submission.Id, CancellationToken.None));
            finished++;
        }

        Assert.Equal(24, finished);
        Assert.Single(records);
        Assert.Equal(24, host.Cuts.Calls.Count(call => call == "TryFinishAsync=True"));
    }

    [Fact]
    public async Task A_completed_record_carries_the_whole_answer()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.PublishAllAsync(host);

        var record = await host.WaitForEndAsync(submission.Id);

        Assert.Equal((AnalysisStatus.Completed, Stage.Done, 100.0), (record.Status, record.Stage, record.Progress));
        Assert.Equal((Verdict.Manipulated, true, RiskLevel.Critical), (record.Verdict, record.IsDeepfake, record.RiskLevel));
        Assert.Equal(0.95, record.Probability!.Value, 4);
        Assert.Equal(95, record.DeepfakeScore!.Value, 2);
        Assert.InRange(record.Confidence!.Value, 80, 90);
        Assert.Equal((MediaKind.Video, 1920, 1080, 16.0, "h264"), (record.Media.Kind, record.Media.Width, record.Media.Height, record.Media.DurationSeconds, record.Media.Codec));
        Assert.Equal($"/v1/analyses/{submission.Id}/faces/1", Assert.Single(record.Faces).Crop);
        Assert.Equal(record.Faces[0].Crop, record.Artifacts["face"]);
        Assert.Equal(16, record.Frames.Count);
        Assert.Equal(["azimuthal_spectrum", "score_dynamics"], record.Signals.Select(signal => signal.Name));
        Assert.Equal((0.5, 0.5, 0.1), (record.Timings["frames.decode"], record.Timings["inference.run"], record.Timings["forensics.total"]));
        Assert.Contains("default_thresholds", record.Warnings);
        Assert.DoesNotContain(ObjectKeys.FramePack("default", submission.Id), await host.KeysAsync(submission.Id));
        Assert.Equal(4, (await host.KeysAsync(submission.Id)).Count); // medium, index, two face packs
    }

    [Fact]
    public async Task Twenty_parallel_deliveries_of_the_last_parts_give_one_announcement()
    {
        await using var host = await ResultHost.StartAsync();
        for (var round = 0; round < 5; round++)
        {
            var submission = await Submission.CreateAsync(host);
            var deliveries = submission.Deliveries(host);
            await deliveries[0]();
            await deliveries[1]();
            await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Task.Run(deliveries[2 + i % 2])));

            await host.WaitForEndAsync(submission.Id);
            Assert.Single(host.Completed(submission.Id));
        }

        Assert.Equal(5, host.Cuts.Calls.Count(call => call == "TryFinishAsync=True"));
    }

    [Fact]
    public async Task The_same_through_the_bus_gives_one_announcement()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => submission.PublishAllAsync(host)));

        await host.WaitForEndAsync(submission.Id);
        Assert.Single(host.Completed(submission.Id));
    }

    public static TheoryData<string, bool> CrashPoints
    {
        get
        {
            var points = new TheoryData<string, bool>();
            foreach (var call in new[] { "FindAsync", "AddPartAsync", "GetPartsAsync", "AdvanceAsync", "OpenAsync", "TryFinishAsync", "FindResultAsync", "SaveAsync", "DeleteAsync", "MarkAnnouncedAsync" })
            {
                points.Add(call, false);
                points.Add(call, true);
            }

            return points;
        }
    }

    [Theory]
    [MemberData(nameof(CrashPoints))]
    public async Task A_crash_at_any_step_is_made_good_by_redelivery_and_sweepers(string call, bool afterwards)
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00")); // sweeps come by hand
        var submission = await Submission.CreateAsync(host);
        var deliveries = submission.Deliveries(host);
        if (call != "AdvanceAsync") foreach (var delivery in deliveries[..3]) await delivery();
        host.Cuts.Plan(call, afterwards);

        foreach (var delivery in call == "AdvanceAsync" ? deliveries : deliveries[3..])
        {
            try
            {
                await delivery();
            }
            catch (PowerCutException)
            {
                await delivery(); // never acknowledged, so it comes again
            }
        }

        Assert.True(host.Cuts.HasStruck, "the crash point was not reached");
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.SweepAsync<AnnouncementSweeper>();

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal(Verdict.Manipulated, record.Verdict);
        Assert.NotNull(await host.History.FindAsync("default", submission.Id, CancellationToken.None));
        Assert.Empty(await host.Analyses.FindUnannouncedAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None));
        Assert.Equal(1, host.Cuts.Calls.Count(entry => entry == "TryFinishAsync=True"));
        Assert.Equal(4, (await host.KeysAsync(submission.Id)).Count);
    }

    [Fact]
    public async Task The_watchdog_completes_what_has_all_parts_but_lost_its_last_delivery()
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00"));
        var submission = await Submission.CreateAsync(host);
        var deliveries = submission.Deliveries(host);
        foreach (var delivery in deliveries[..3]) await delivery();
        host.Cuts.Plan("GetPartsAsync", afterwards: false);
        await Assert.ThrowsAsync<PowerCutException>(deliveries[3]);

        await host.SweepAsync<DeadlineWatchdog>();

        Assert.Equal(AnalysisStatus.Completed, (await host.WaitForEndAsync(submission.Id)).Status);
    }

    [Fact]
    public async Task Forensics_that_do_not_come_are_waited_for_only_for_their_grace()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        foreach (var delivery in submission.Deliveries(host)[..3]) await delivery();
        await host.SweepAsync<DeadlineWatchdog>();
        Assert.Null(await host.Analyses.FindResultAsync("default", submission.Id, CancellationToken.None));

        host.Clock.Advance(TimeSpan.FromSeconds(61));

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal(Verdict.Manipulated, record.Verdict);
        Assert.Equal([ReasonCodes.HighFaceScore, ReasonCodes.ForensicsMissing], record.Reasons);
    }

    [Fact]
    public async Task Without_a_face_the_grace_of_the_forensics_is_the_same()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var index = Fusion.Medium.Index(MediaKind.Image, [[]]);
        await host.Objects.PutAsync(ObjectKeys.Index("default", submission.Id), new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(index, DeepfakeJson.Options)), "application/json", CancellationToken.None);
        await host.Bus.Publish(submission.Progressed(Stage.Frames, 1));
        await Eventually.TrueAsync(async () => (await host.Analyses.FindAsync(submission.Id, CancellationToken.None))?.Stage == Stage.Frames, "the frames are done");
        await host.Bus.Publish(submission.Frames() with { ShardCount = 0, Kind = MediaKind.Image });
        await Eventually.TrueAsync(async () => (await host.Analyses.FindAsync(submission.Id, CancellationToken.None))?.Stage == Stage.Scoring, "scoring begins");
        host.Clock.Advance(TimeSpan.FromSeconds(61));

        Assert.Equal([ReasonCodes.NoFace, ReasonCodes.ForensicsMissing], (await host.WaitForEndAsync(submission.Id)).Reasons);
    }

    [Fact]
    public async Task Shortly_before_the_deadline_what_was_scored_decides()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var deliveries = submission.Deliveries(host);
        await deliveries[0]();
        await deliveries[2]();
        host.Clock.Advance(TimeSpan.FromMinutes(29.6));

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal((AnalysisStatus.Completed, Verdict.Manipulated), (record.Status, record.Verdict));
        Assert.Equal([ReasonCodes.HighFaceScore, ReasonCodes.ModelsMissing, ReasonCodes.ForensicsMissing], record.Reasons);
        Assert.Contains("shards_missing", record.Warnings);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_no_model_scored_ends_inconclusive_and_says_why(bool withForensics)
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.Deliveries(host)[0]();
        if (withForensics) await submission.Deliveries(host)[3]();
        host.Clock.Advance(TimeSpan.FromMinutes(29.6));

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal((AnalysisStatus.Completed, Verdict.Inconclusive, null), (record.Status, record.Verdict, record.Probability));
        Assert.Equal(withForensics ? [ReasonCodes.ModelsUnavailable] : [ReasonCodes.ModelsUnavailable, ReasonCodes.ForensicsMissing], record.Reasons);
        Assert.Contains("shards_missing", record.Warnings);
        Assert.Equal(withForensics, record.Signals.Any(signal => signal.Name == "azimuthal_spectrum"));
        Assert.Single(record.Faces);
    }

    [Fact]
    public async Task Signals_without_the_report_of_the_frames_end_the_same_way()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.Deliveries(host)[3]();
        await submission.Deliveries(host)[1]();
        host.Clock.Advance(TimeSpan.FromMinutes(31));

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal((AnalysisStatus.Completed, Verdict.Manipulated), (record.Status, record.Verdict));
        Assert.Contains(ReasonCodes.ModelsMissing, record.Reasons);
    }

    [Fact]
    public async Task What_was_never_decoded_fails_at_its_deadline_and_leaves_no_objects()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.Deliveries(host)[1]();
        host.Clock.Advance(TimeSpan.FromMinutes(31));

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal((AnalysisStatus.Failed, ErrorCodes.DeadlineExceeded), (record.Status, record.Error?.Code));
        Assert.Null(record.Verdict);
        Assert.Empty(await host.KeysAsync(submission.Id));
    }

    [Fact]
    public async Task Two_instances_that_sweep_at_once_repeat_the_announcement_and_change_nothing()
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00"));
        var submission = await Submission.CreateAsync(host);
        host.Cuts.Plan("SaveAsync", afterwards: false);
        foreach (var delivery in submission.Deliveries(host)) await delivery();
        var state = (await host.Analyses.FindAsync(submission.Id, CancellationToken.None))!;
        var result = await host.Analyses.FindResultAsync("default", submission.Id, CancellationToken.None);

        var finisher = host.Get<AnalysisFinisher>();
        await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => Task.Run(() => finisher.AnnounceAsync(state.Record, host.Bus, CancellationToken.None))));

        await Eventually.TrueAsync(() => host.Completed(submission.Id).Count > 0, "the end is announced");
        Assert.Single(host.Completed(submission.Id).Distinct());
        Assert.Equal(JsonSerializer.Serialize(result, DeepfakeJson.Options), JsonSerializer.Serialize(await host.History.FindAsync("default", submission.Id, CancellationToken.None), DeepfakeJson.Options));
        Assert.Empty(await host.Analyses.ListOpenAsync("default", null, 10, CancellationToken.None));
    }

    [Fact]
    public async Task A_failure_ends_the_analysis_with_its_code_and_removes_its_objects()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await host.Bus.Publish(submission.Failure());
        await host.Bus.Publish(submission.Failure(ErrorCodes.StageFailed));

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal((AnalysisStatus.Failed, Stage.Done, ErrorCodes.Corrupt), (record.Status, record.Stage, record.Error?.Code));
        Assert.Empty(await host.KeysAsync(submission.Id));
        Assert.Equal(ErrorCodes.Corrupt, (await host.History.FindAsync("default", submission.Id, CancellationToken.None))?.Error?.Code);
    }

    [Fact]
    public async Task A_failure_of_something_that_is_over_changes_nothing()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await submission.PublishAllAsync(host);
        await host.WaitForEndAsync(submission.Id);

        Assert.False(await host.Merger.FailAsync(submission.Id, ErrorCodes.StageFailed, "late", host.Bus, CancellationToken.None));
        Assert.Equal(AnalysisStatus.Completed, (await host.GetAsync(submission.Id)).Status);
        Assert.NotEmpty(await host.KeysAsync(submission.Id));
    }

    [Fact]
    public async Task A_broken_index_fails_the_analysis_at_once()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        await host.Objects.PutAsync(ObjectKeys.Index("default", submission.Id), new MemoryStream("{ broken"u8.ToArray()), "application/json", CancellationToken.None);
        await submission.PublishAllAsync(host);

        Assert.Equal(ErrorCodes.StageFailed, (await host.WaitForEndAsync(submission.Id)).Error?.Code);
    }

    [Fact]
    public async Task No_face_completes_without_inference()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host, extracted: false);
        var index = Fusion.Medium.Index(MediaKind.Image, [[]]);
        await host.Objects.PutAsync(ObjectKeys.Index("default", submission.Id), new MemoryStream(JsonSerializer.SerializeToUtf8Bytes(index, DeepfakeJson.Options)), "application/json", CancellationToken.None);
        await host.Bus.Publish(submission.Frames() with { ShardCount = 0, Kind = MediaKind.Image });
        await host.Bus.Publish(submission.Forensics());

        var record = await host.WaitForEndAsync(submission.Id);
        Assert.Equal((Verdict.Inconclusive, null, null, null), (record.Verdict, record.Probability, record.IsDeepfake, record.RiskLevel));
        Assert.Equal([ReasonCodes.NoFace], record.Reasons);
    }

    [Fact]
    public async Task What_late_workers_write_for_ended_analyses_is_removed_again()
    {
        await using var host = await ResultHost.StartAsync();
        var failed = await Submission.CreateAsync(host);
        await host.Bus.Publish(failed.Failure());
        await host.WaitForEndAsync(failed.Id);
        var deleted = await Submission.CreateAsync(host);
        (await host.Client.DeleteAsync($"/v1/analyses/{deleted.Id}")).EnsureSuccessStatusCode();
        var kept = await Submission.CreateAsync(host);
        await kept.PublishAllAsync(host);
        await host.WaitForEndAsync(kept.Id);

        await failed.ExtractAsync(host);
        await deleted.ExtractAsync(host);
        await host.SweepAsync<ObjectJanitor>();

        Assert.Empty(await host.KeysAsync(failed.Id));
        Assert.Empty(await host.KeysAsync(deleted.Id));
        Assert.Equal(4, (await host.KeysAsync(kept.Id)).Count);
    }

    [Fact]
    public async Task Progress_never_falls_and_follows_the_parts()
    {
        await using var host = await ResultHost.StartAsync();
        var submission = await Submission.CreateAsync(host);
        var seen = new List<double>();
        async Task ReadAsync() => seen.Add((await host.Analyses.FindAsync(submission.Id, CancellationToken.None))!.Percent);

        await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0.5), CancellationToken.None);
        await ReadAsync();
        await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0.2), CancellationToken.None);
        await ReadAsync();
        foreach (var delivery in submission.Deliveries(host)[..3])
        {
            await delivery();
            await ReadAsync();
        }

        Assert.Equal([24.5, 24.5, 45, 61.667, 78.333], seen.Select(percent => Math.Round(percent, 3)));
    }

    private static IEnumerable<int[]> Permutations(int[] items) => items.Length <= 1
        ? [items]
        : items.SelectMany(head => Permutations([.. items.Where(item => item != head)]).Select(tail => (int[])[head, .. tail]));
}
