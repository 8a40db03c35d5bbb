using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.Infrastructure.Tests.Persistence;

namespace Deepfake.Infrastructure.Tests.Analyses;

public sealed class SqliteAnalysisStoreTests : AnalysisStoreContract
{
    private readonly DatabaseFolder _folder = new();

    public override Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Finished_analyses_leave_after_their_time_and_unannounced_ones_stay()
    {
        var announced = await CreateAsync();
        await FinishAsync(announced.Id);
        await Store.MarkAnnouncedAsync(announced.Id, None);
        var unannounced = await CreateAsync();
        await FinishAsync(unannounced.Id);
        var deleted = await CreateAsync();
        await Store.DeleteAsync(deleted.Tenant, deleted.Id, None);
        Clock.Advance(TimeSpan.FromHours(2));

        await CreateAsync();

        Assert.Null(await Store.FindAsync(announced.Id, None));
        Assert.Null(await Store.FindResultAsync(announced.Tenant, announced.Id, None));
        Assert.NotNull(await Store.FindResultAsync(unannounced.Tenant, unannounced.Id, None));
        Assert.Empty(await Store.FindDeletedAsync(DateTimeOffset.MinValue, None));
    }

    [Fact]
    public async Task A_thousand_parallel_writers_are_all_there_when_they_return()
    {
        var records = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Task.Run(() => CreateAsync())));

        var store = await ReopenAsync();

        Assert.Equal(1000, await store.CountUnfinishedAsync(None));
        foreach (var record in records) Assert.NotNull(await store.FindAsync(record.Id, None));
    }

    [Fact]
    public async Task What_is_not_yet_on_the_disk_is_not_told()
    {
        var running = await CreateAsync();
        using var flush = new ManualResetEventSlim();
        _folder.Database!.Writer.Committing = _ => flush.Wait();
        var record = Samples.Record(Now);
        var create = Store.CreateAsync(record, None);
        var advance = Store.AdvanceAsync(running.Id, Stage.Frames, 10, None);

        var found = await Store.FindAsync(record.Id, None);
        var percent = (await Store.FindAsync(running.Id, None))!.Percent;
        var returned = create.IsCompleted || advance.IsCompleted;
        flush.Set(); // before anything is asserted: closing the database waits for it

        await Task.WhenAll(create, advance);
        Assert.Null(found);
        Assert.Equal(0, percent);
        Assert.False(returned);
        Assert.NotNull(await Store.FindAsync(record.Id, None));
        Assert.Equal(10, (await Store.FindAsync(running.Id, None))!.Percent);
    }

    [Fact]
    public async Task Who_lost_a_race_hears_of_it_only_if_the_winner_is_on_the_disk()
    {
        var record = Samples.Record(Now);
        using var both = new ManualResetEventSlim();
        _folder.Database!.Writer.Committing = _ =>
        {
            both.Wait();
            throw new IOException("No space left on device");
        };
        var first = Store.CreateAsync(record, None);
        var second = Store.CreateAsync(record, None);
        both.Set();

        await Assert.ThrowsAsync<IOException>(() => first);
        await Assert.ThrowsAsync<IOException>(() => second);
        _folder.Database.Writer.Committing = _ => { };
        await Store.CreateAsync(record, None);
        Assert.Single(await EventsAsync(record.Id));
    }

    [Theory]
    [InlineData("SELECT * FROM analysis_states WHERE finished_at IS NULL ORDER BY accepted_at, id LIMIT 5", "ix_analysis_states_unfinished")]
    [InlineData("SELECT * FROM analysis_states WHERE published_at IS NULL AND finished_at IS NULL AND accepted_at < 1 ORDER BY accepted_at, id LIMIT 5", "ix_analysis_states_unpublished")]
    [InlineData("SELECT * FROM analysis_states WHERE finished_at IS NULL AND deadline < 1 ORDER BY deadline LIMIT 5", "ix_analysis_states_deadline")]
    [InlineData("SELECT * FROM analysis_states WHERE announced_at IS NULL AND tenant = 'a' AND accepted_at <= 1 ORDER BY accepted_at DESC, id DESC LIMIT 5", "ix_analysis_states_open")]
    [InlineData("SELECT * FROM analysis_states WHERE announced_at IS NULL AND finished_at IS NOT NULL AND finished_at < 1 ORDER BY finished_at LIMIT 5", "ix_analysis_states_unannounced")]
    [InlineData("SELECT count(*) FROM analysis_states WHERE finished_at IS NULL AND key_id = 'k'", "ix_analysis_states_key")]
    public void What_sweeper_watchdog_and_list_ask_is_read_by_index(string query, string index)
    {
        var plan = _folder.Plan(query);

        Assert.Contains(index, plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    protected override Task<IAnalysisStore> OpenAsync() => Task.FromResult<IAnalysisStore>(new SqliteAnalysisStore(_folder.Open(), LimitOptions, Clock));

    protected override Task<IAnalysisStore> ReopenAsync() => OpenAsync();
}
