using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Microsoft.Extensions.Options;
using Microsoft.Extensions.Time.Testing;

namespace Deepfake.Infrastructure.Tests.Analyses;

/// <summary>What every analysis store promises; run against each adapter.</summary>
public abstract partial class AnalysisStoreContract : IAsyncLifetime
{
    private protected static readonly CancellationToken None = CancellationToken.None;

    private protected FakeTimeProvider Clock { get; } = new(DateTimeOffset.FromUnixTimeMilliseconds(DateTimeOffset.UtcNow.ToUnixTimeMilliseconds())); // stores keep milliseconds

    private protected static AnalysisStoreOptions Limits { get; } = new() { Retention = TimeSpan.FromHours(1), Tombstones = TimeSpan.FromHours(1) };

    private protected static IOptions<AnalysisStoreOptions> LimitOptions => Options.Create(Limits);

    private protected IAnalysisStore Store { get; private set; } = null!;

    private protected DateTimeOffset Now => Clock.GetUtcNow();

    public async Task InitializeAsync() => Store = await OpenAsync();

    public abstract Task DisposeAsync();

    /// <summary>Opens the store for the first time.</summary>
    protected abstract Task<IAnalysisStore> OpenAsync();

    /// <summary>Another instance on the same data: a restarted process, or a second one where the adapter allows that.</summary>
    protected abstract Task<IAnalysisStore> ReopenAsync();

    [Fact]
    public async Task A_created_record_reads_back_whole_and_begins_accepted()
    {
        var record = await CreateAsync();

        var state = await Store.FindAsync(record.Id, None);

        Assert.Equal(record, state!.Record);
        Assert.Equal((AnalysisStatus.Accepted, Stage.Queued, 0d, false), (state.Status, state.Stage, state.Percent, state.IsOver));
        Assert.Equal(state, await Store.FindAsync(record.Tenant, record.Id, None));
    }

    [Fact]
    public async Task What_the_client_asked_for_reads_back_whole()
    {
        var metadata = new Dictionary<string, string> { ["Case No"] = "Ü-1 \"x\"", ["empty"] = "" };
        var record = Samples.Record(Now) with
        {
            Reference = "post/42",
            WebhookEndpointId = "we_1",
            Options = new AnalysisOptions { Profile = ThresholdProfile.Strict, HeatMaps = false },
            Retention = TimeSpan.FromDays(3650) + TimeSpan.FromTicks(1),
        };
        await Store.CreateAsync(record with { Metadata = metadata }, None);

        var read = (await (await ReopenAsync()).FindAsync(record.Id, None))!.Record;

        Assert.Equal(record, read with { Metadata = null });
        Assert.Equal(metadata, read.Metadata);
    }

    [Fact]
    public async Task Another_tenant_sees_nothing()
    {
        var record = await CreateAsync();
        await FinishAsync(record.Id);

        Assert.Null(await Store.FindAsync("other", record.Id, None));
        Assert.Null(await Store.FindResultAsync("other", record.Id, None));
        Assert.False(await Store.DeleteAsync("other", record.Id, None));
        Assert.NotNull(await Store.FindAsync(record.Id, None));
    }

    [Fact]
    public async Task An_id_can_be_created_once()
    {
        var record = await CreateAsync();

        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CreateAsync(record, None));
        Assert.Single(await EventsAsync(record.Id));
    }

    [Fact]
    public async Task Of_many_parallel_creations_of_an_id_one_succeeds()
    {
        var record = Samples.Record(Now);

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 30).Select(async _ =>
        {
            try
            {
                await Store.CreateAsync(record, None);
                return true;
            }
            catch (InvalidOperationException)
            {
                return false;
            }
        }));

        Assert.Single(outcomes, true);
    }

    [Fact]
    public async Task Unknown_ids_change_nothing()
    {
        var id = Samples.NewId();

        Assert.Null(await Store.FindAsync(id, None));
        await Store.MarkPublishedAsync(id, None);
        await Store.MarkAnnouncedAsync(id, None);
        Assert.False(await Store.AddPartAsync(id, new PartKey("faces", 0), Json("1"), None));
        Assert.False(await Store.AdvanceAsync(id, Stage.Frames, 5, None));
        Assert.False(await Store.TryFinishAsync(id, Samples.Result(id, Now), None));
        Assert.False(await Store.DeleteAsync("acme", id, None));
        Assert.Empty(await Store.GetPartsAsync(id, None));
        Assert.Null(await Store.FindResultAsync("acme", id, None));
        Assert.Empty(await EventsAsync(id));
        Assert.Null(await Store.FindAsync(id, None));
        Assert.Equal(0, await Store.CountUnfinishedAsync(None));
    }

    [Fact]
    public async Task Unpublished_analyses_are_found_oldest_first_until_published_or_over()
    {
        var first = await CreateAsync(Now.AddSeconds(-30));
        var second = await CreateAsync(Now.AddSeconds(-20));
        var third = await CreateAsync(Now.AddSeconds(-10));
        await CreateAsync(Now);

        Assert.Equal([first.Id, second.Id], Ids(await Store.FindUnpublishedAsync(third.AcceptedAt, 10, None)));
        Assert.Equal([first.Id], Ids(await Store.FindUnpublishedAsync(Now, 1, None)));
        await Store.MarkPublishedAsync(first.Id, None);
        await Store.MarkPublishedAsync(first.Id, None);
        await FinishAsync(second.Id);
        Assert.Equal([third.Id], Ids(await Store.FindUnpublishedAsync(Now, 10, None)));
    }

    [Fact]
    public async Task Unfinished_and_overdue_analyses_are_found_and_counted()
    {
        var late = await CreateAsync(Now.AddMinutes(-20));
        var running = await CreateAsync(Now.AddMinutes(-1));
        var over = await CreateAsync(Now.AddMinutes(-30));
        await FinishAsync(over.Id);

        Assert.Equal([late.Id, running.Id], Ids(await Store.FindUnfinishedAsync(10, None)));
        Assert.Equal([late.Id], Ids(await Store.FindUnfinishedAsync(1, None)));
        Assert.Equal([late.Id], Ids(await Store.FindOverdueAsync(Now, 10, None)));
        Assert.Empty(await Store.FindOverdueAsync(late.Deadline, 10, None));
        Assert.Equal(2, await Store.CountUnfinishedAsync(None));
    }

    [Fact]
    public async Task The_first_content_of_a_part_stays()
    {
        var record = await CreateAsync();
        var key = new PartKey("inference", 3);

        Assert.True(await Store.AddPartAsync(record.Id, key, Json("""{"first":"ä\n"}"""), None));
        Assert.False(await Store.AddPartAsync(record.Id, key, Json("""{"second":1}"""), None));
        Assert.True(await Store.AddPartAsync(record.Id, new PartKey("forensics", 0), Json("{}"), None));

        var parts = await Store.GetPartsAsync(record.Id, None);
        Assert.Equal(2, parts.Count);
        Assert.Equal("""{"first":"ä\n"}""", Encoding.UTF8.GetString(parts[key].Span));
    }

    [Fact]
    public async Task Of_many_parallel_writers_of_a_part_one_stores_it()
    {
        var record = await CreateAsync();

        var stored = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() =>
            Store.AddPartAsync(record.Id, new PartKey("inference", i % 5), Json($"{i}"), None))));

        Assert.Equal(5, stored.Count(one => one));
        Assert.Equal(5, (await Store.GetPartsAsync(record.Id, None)).Count);
    }

    [Fact]
    public async Task Progress_only_moves_forward()
    {
        var record = await CreateAsync();

        Assert.False(await Store.AdvanceAsync(record.Id, Stage.Queued, 0, None));
        Assert.True(await Store.AdvanceAsync(record.Id, Stage.Scoring, 40, None));
        Assert.False(await Store.AdvanceAsync(record.Id, Stage.Fusion, 40, None));
        Assert.False(await Store.AdvanceAsync(record.Id, Stage.Fusion, 39.9, None));
        Assert.True(await Store.AdvanceAsync(record.Id, Stage.Frames, 40.5, None));

        var state = await Store.FindAsync(record.Id, None);
        Assert.Equal((AnalysisStatus.Running, Stage.Scoring, 40.5), (state!.Status, state.Stage, state.Percent));
        var events = await EventsAsync(record.Id);
        Assert.Equal([0, 40, 40.5], events.Select(e => e.Percent));
        Assert.Equal([Stage.Queued, Stage.Scoring, Stage.Scoring], events.Select(e => e.Stage));
    }

    [Theory]
    [InlineData(-0.1)]
    [InlineData(100.1)]
    [InlineData(double.NaN)]
    public async Task A_percentage_outside_its_range_is_refused(double percent)
    {
        var record = await CreateAsync();

        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.AdvanceAsync(record.Id, Stage.Frames, percent, None));
    }

    [Fact]
    public async Task Progress_never_goes_back_under_parallel_load()
    {
        var record = await CreateAsync();
        var random = new Random(7);
        var percents = Enumerable.Range(1, 100).OrderBy(_ => random.Next()).ToArray();

        var moved = await Task.WhenAll(percents.Select(percent => Task.Run(() => Store.AdvanceAsync(record.Id, Stage.Frames, percent, None))));

        var events = await EventsAsync(record.Id);
        Assert.Equal(100, (await Store.FindAsync(record.Id, None))!.Percent);
        Assert.Equal(events.Count - 1, moved.Count(one => one));
        Assert.Equal(Enumerable.Range(1, events.Count).Select(i => (long)i), events.Select(e => e.Sequence));
        Assert.Equal(events.Select(e => e.Percent).Order().Distinct(), events.Select(e => e.Percent));
    }

    [Fact]
    public async Task Of_fifty_parallel_finishers_exactly_one_wins_and_its_record_stays()
    {
        var record = await CreateAsync();

        var won = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => Task.Run(() =>
            Store.TryFinishAsync(record.Id, Samples.Result(record.Id, Now, note: $"{i}"), None))));

        var winner = Assert.Single(Enumerable.Range(0, 50), i => won[i]);
        var result = await Store.FindResultAsync(record.Tenant, record.Id, None);
        Assert.Equal([$"{winner}"], result!.Warnings);
        Assert.Single(await EventsAsync(record.Id), e => e.IsTerminal);
    }

    [Fact]
    public async Task A_final_record_reads_back_whole()
    {
        var record = await CreateAsync();
        var result = Samples.Result(record.Id, Now);

        Assert.Null(await Store.FindResultAsync(record.Tenant, record.Id, None));
        Assert.True(await Store.TryFinishAsync(record.Id, result, None));

        var read = await Store.FindResultAsync(record.Tenant, record.Id, None);
        Assert.Equal(JsonSerializer.Serialize(result, DeepfakeJson.Options), JsonSerializer.Serialize(read, DeepfakeJson.Options));
        var state = await Store.FindAsync(record.Id, None);
        Assert.Equal((AnalysisStatus.Completed, Stage.Done, true), (state!.Status, state.Stage, state.IsOver));
    }

    [Fact]
    public async Task Only_a_final_record_of_the_same_analysis_can_end_it()
    {
        var record = await CreateAsync();

        await Assert.ThrowsAsync<ArgumentException>(() => Store.TryFinishAsync(record.Id, Samples.Result(record.Id, Now, AnalysisStatus.Running), None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.TryFinishAsync(record.Id, Samples.Result("an_other", Now), None));
        Assert.False((await Store.FindAsync(record.Id, None))!.IsOver);
    }

    [Fact]
    public async Task What_is_over_takes_nothing_more_and_has_dropped_its_parts()
    {
        var record = await CreateAsync();
        await Store.AddPartAsync(record.Id, new PartKey("faces", 0), Json("1"), None);
        await FinishAsync(record.Id, AnalysisStatus.Failed);

        Assert.False(await Store.AddPartAsync(record.Id, new PartKey("faces", 1), Json("1"), None));
        Assert.False(await Store.AdvanceAsync(record.Id, Stage.Fusion, 99, None));
        Assert.False(await Store.TryFinishAsync(record.Id, Samples.Result(record.Id, Now), None));

        Assert.Empty(await Store.GetPartsAsync(record.Id, None));
        Assert.Equal(AnalysisStatus.Failed, (await Store.FindAsync(record.Id, None))!.Status);
        Assert.Equal([AnalysisStatus.Accepted, AnalysisStatus.Failed], (await EventsAsync(record.Id)).Select(e => e.Status));
    }

    [Fact]
    public async Task Unannounced_ends_are_found_until_announced()
    {
        var first = await CreateAsync();
        await FinishAsync(first.Id);
        Clock.Advance(TimeSpan.FromSeconds(10));
        var second = await CreateAsync();
        await FinishAsync(second.Id);

        Assert.Equal([first.Id], Ids(await Store.FindUnannouncedAsync(Now, 10, None)));
        Clock.Advance(TimeSpan.FromSeconds(1));
        Assert.Equal([first.Id, second.Id], Ids(await Store.FindUnannouncedAsync(Now, 10, None)));
        await Store.MarkAnnouncedAsync(first.Id, None);
        await Store.MarkAnnouncedAsync(first.Id, None);
        Assert.Equal([second.Id], Ids(await Store.FindUnannouncedAsync(Now, 10, None)));
        Assert.NotNull(await Store.FindResultAsync(first.Tenant, first.Id, None));
    }

    [Fact]
    public async Task Announcing_a_running_analysis_changes_nothing()
    {
        var record = await CreateAsync();

        await Store.MarkAnnouncedAsync(record.Id, None);
        await FinishAsync(record.Id);
        Clock.Advance(TimeSpan.FromSeconds(1));

        Assert.Equal([record.Id], Ids(await Store.FindUnannouncedAsync(Now, 10, None)));
    }

    [Fact]
    public async Task Deletion_removes_everything_and_keeps_late_writers_out()
    {
        var record = await CreateAsync();
        await Store.AddPartAsync(record.Id, new PartKey("faces", 0), Json("1"), None);
        var before = Now;
        Clock.Advance(TimeSpan.FromSeconds(5));

        Assert.True(await Store.DeleteAsync(record.Tenant, record.Id, None));
        Assert.False(await Store.DeleteAsync(record.Tenant, record.Id, None));

        Assert.False(await Store.AddPartAsync(record.Id, new PartKey("faces", 1), Json("1"), None));
        Assert.False(await Store.TryFinishAsync(record.Id, Samples.Result(record.Id, Now), None));
        Assert.False(await Store.AdvanceAsync(record.Id, Stage.Frames, 50, None));
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CreateAsync(record, None));
        Assert.Null(await Store.FindAsync(record.Id, None));
        Assert.Empty(await Store.GetPartsAsync(record.Id, None));
        Assert.Empty(await Store.FindUnfinishedAsync(10, None));
        Assert.Empty(await Store.FindUnpublishedAsync(Now.AddDays(1), 10, None));
        Assert.Empty(await Store.FindOverdueAsync(Now.AddDays(1), 10, None));
        Assert.Equal(new DeletedAnalysis(record.Tenant, record.Id, Now), Assert.Single(await Store.FindDeletedAsync(before, None)));
        Assert.Empty(await Store.FindDeletedAsync(Now.AddSeconds(1), None));
    }

    [Fact]
    public async Task Deleting_what_is_over_removes_its_result_and_its_announcement()
    {
        var record = await CreateAsync();
        await FinishAsync(record.Id);

        Assert.True(await Store.DeleteAsync(record.Tenant, record.Id, None));

        Assert.Null(await Store.FindResultAsync(record.Tenant, record.Id, None));
        Assert.Empty(await Store.FindUnannouncedAsync(Now.AddDays(1), 10, None));
    }

    [Fact]
    public async Task A_watcher_gets_stored_events_then_new_ones_and_ends_with_the_terminal_one()
    {
        var record = await CreateAsync();
        await Store.AdvanceAsync(record.Id, Stage.Frames, 10, None);
        await using var watch = Store.WatchAsync(record.Id, 0, None).GetAsyncEnumerator();

        Assert.Equal((1, 0d), await NextAsync(watch));
        Assert.Equal((2, 10d), await NextAsync(watch));
        var next = NextAsync(watch);
        Assert.False(next.IsCompleted);
        await Store.AdvanceAsync(record.Id, Stage.Frames, 20, None);
        Assert.Equal((3, 20d), await next);
        await FinishAsync(record.Id);
        Assert.Equal((4, 100d), await NextAsync(watch));
        Assert.False(await watch.MoveNextAsync());
    }

    [Fact]
    public async Task A_watcher_resumes_after_a_sequence_on_another_instance()
    {
        var record = await CreateAsync();
        for (var percent = 10; percent <= 50; percent += 10) await Store.AdvanceAsync(record.Id, Stage.Frames, percent, None);
        await FinishAsync(record.Id);

        var other = await ReopenAsync();

        Assert.Equal([4, 5, 6, 7], (await EventsAsync(record.Id, 3, other)).Select(e => e.Sequence));
        Assert.Empty(await EventsAsync(record.Id, 7, other));
        Assert.Empty(await EventsAsync(record.Id, 1000, other));
    }

    [Fact]
    public async Task A_watch_ends_when_its_analysis_is_deleted()
    {
        var record = await CreateAsync();
        await using var watch = Store.WatchAsync(record.Id, 1, None).GetAsyncEnumerator();
        var next = watch.MoveNextAsync().AsTask();

        await Store.DeleteAsync(record.Tenant, record.Id, None);

        Assert.False(await next.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_watch_ends_with_its_token()
    {
        var record = await CreateAsync();
        using var cancellation = new CancellationTokenSource();
        await using var watch = Store.WatchAsync(record.Id, 1, cancellation.Token).GetAsyncEnumerator(cancellation.Token);
        var next = watch.MoveNextAsync().AsTask();

        await cancellation.CancelAsync();

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => next.WaitAsync(TimeSpan.FromSeconds(10)));
    }

    [Fact]
    public async Task A_hundred_watchers_see_every_event_once_and_in_order()
    {
        var record = await CreateAsync();
        var watchers = Enumerable.Range(0, 100).Select(_ => Task.Run(() => EventsAsync(record.Id, wait: true))).ToArray();

        for (var percent = 1; percent <= 20; percent++) await Store.AdvanceAsync(record.Id, Stage.Frames, percent, None);
        await FinishAsync(record.Id);

        foreach (var seen in await Task.WhenAll(watchers).WaitAsync(TimeSpan.FromSeconds(20)))
            Assert.Equal(Enumerable.Range(1, 22).Select(i => (long)i), seen.Select(e => e.Sequence));
    }

    [Fact]
    public async Task Everything_survives_a_restart()
    {
        var running = await CreateAsync(Now.AddMinutes(-20));
        await Store.AdvanceAsync(running.Id, Stage.Scoring, 33.25, None);
        await Store.AddPartAsync(running.Id, new PartKey("faces", 0), Json("""{"a":1}"""), None);
        var published = await CreateAsync();
        await Store.MarkPublishedAsync(published.Id, None);
        var over = await CreateAsync();
        await FinishAsync(over.Id);
        var deleted = await CreateAsync();
        await Store.DeleteAsync(deleted.Tenant, deleted.Id, None);

        var other = await ReopenAsync();

        var state = await other.FindAsync(running.Id, None);
        Assert.Equal((running, AnalysisStatus.Running, Stage.Scoring, 33.25), (state!.Record, state.Status, state.Stage, state.Percent));
        Assert.Equal("""{"a":1}""", Encoding.UTF8.GetString(Assert.Single(await other.GetPartsAsync(running.Id, None)).Value.Span));
        Assert.Equal([running.Id], Ids(await other.FindUnpublishedAsync(Now.AddSeconds(1), 10, None)));
        Assert.Equal([running.Id, published.Id], Ids(await other.FindUnfinishedAsync(10, None)));
        Assert.Equal([running.Id], Ids(await other.FindOverdueAsync(Now, 10, None)));
        Assert.Equal([over.Id], Ids(await other.FindUnannouncedAsync(Now.AddSeconds(1), 10, None)));
        Assert.NotNull(await other.FindResultAsync(over.Tenant, over.Id, None));
        Assert.Null(await other.FindAsync(deleted.Id, None));
        Assert.Equal(deleted.Id, Assert.Single(await other.FindDeletedAsync(Now.AddMinutes(-1), None)).Id);
        await Assert.ThrowsAsync<InvalidOperationException>(() => other.CreateAsync(deleted, None));
    }

    private protected static ReadOnlyMemory<byte> Json(string text) => Encoding.UTF8.GetBytes(text);

    private protected static IEnumerable<string> Ids(IEnumerable<AnalysisState> states) => states.Select(state => state.Record.Id);

    private protected async Task<AnalysisRecord> CreateAsync(DateTimeOffset? acceptedAt = null)
    {
        var record = Samples.Record(acceptedAt ?? Now);
        await Store.CreateAsync(record, None);
        return record;
    }

    private protected async Task FinishAsync(string id, AnalysisStatus status = AnalysisStatus.Completed) =>
        Assert.True(await Store.TryFinishAsync(id, Samples.Result(id, Now, status), None));

    /// <summary>Stored events; with <paramref name="wait"/> all up to the terminal one.</summary>
    private protected async Task<List<AnalysisEvent>> EventsAsync(string id, long after = 0, IAnalysisStore? store = null, bool wait = false)
    {
        var events = new List<AnalysisEvent>();
        var over = wait || await (store ?? Store).FindAsync(id, None) is null or { IsOver: true };
        await using var watch = (store ?? Store).WatchAsync(id, after, None).GetAsyncEnumerator();
        if (over)
        {
            while (await watch.MoveNextAsync()) events.Add(watch.Current);
            return events;
        }

        // Nothing marks the end of what is stored: one more event does.
        var known = (await (store ?? Store).FindAsync(id, None))!.Percent;
        while (await watch.MoveNextAsync())
        {
            events.Add(watch.Current);
            if (watch.Current.Percent >= known) break;
        }

        return events;
    }

    private static async Task<(long Sequence, double Percent)> NextAsync(IAsyncEnumerator<AnalysisEvent> watch) =>
        await watch.MoveNextAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)) ? (watch.Current.Sequence, watch.Current.Percent) : throw new InvalidOperationException("The watch ended.");
}
