using Deepfake.Contracts;
using Deepfake.Infrastructure.History;

namespace Deepfake.Infrastructure.Tests.Analyses;

public abstract partial class AnalysisStoreContract
{
    [Fact]
    public async Task State_tells_how_many_events_there_are_and_when_work_began_and_last_moved()
    {
        var record = await CreateAsync();
        var accepted = Now;
        Assert.Equal((1, accepted, null), await MarksAsync(record.Id));

        Clock.Advance(TimeSpan.FromSeconds(1));
        await Store.AdvanceAsync(record.Id, Stage.Frames, 10, None);
        var started = Now;
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Store.AdvanceAsync(record.Id, Stage.Frames, 20, None);
        Assert.Equal((3, Now, started), await MarksAsync(record.Id));
        Clock.Advance(TimeSpan.FromSeconds(1));
        await Store.AdvanceAsync(record.Id, Stage.Frames, 20, None);
        Assert.Equal((3, Now.AddSeconds(-1), started), await MarksAsync(record.Id));

        await FinishAsync(record.Id);
        Assert.Equal((4, Now, started), await MarksAsync(record.Id));
        Store = await ReopenAsync();
        Assert.Equal((4, Now, started), await MarksAsync(record.Id));
    }

    [Fact]
    public async Task Open_analyses_are_listed_until_their_end_was_announced()
    {
        var waiting = await CreateAsync(Now);
        var ended = await CreateAsync(Now.AddSeconds(1));
        var announced = await CreateAsync(Now.AddSeconds(2));
        var deleted = await CreateAsync(Now.AddSeconds(3));
        await Store.CreateAsync(Samples.Record(Now, tenant: "other"), None);
        await FinishAsync(ended.Id);
        await FinishAsync(announced.Id);
        await Store.MarkAnnouncedAsync(announced.Id, None);
        await Store.DeleteAsync(deleted.Tenant, deleted.Id, None);

        Assert.Equal([ended.Id, waiting.Id], (await Store.ListOpenAsync("acme", null, 10, None)).Select(state => state.Record.Id));
        Assert.Equal([AnalysisStatus.Completed, AnalysisStatus.Accepted], (await Store.ListOpenAsync("acme", null, 10, None)).Select(state => state.Status));
        Assert.Empty(await Store.ListOpenAsync("nobody", null, 10, None));
        Store = await ReopenAsync();
        Assert.Equal([ended.Id, waiting.Id], (await Store.ListOpenAsync("acme", null, 10, None)).Select(state => state.Record.Id));
    }

    [Fact]
    public async Task Open_analyses_page_newest_first_in_whole_microseconds_with_ids_inside_an_instant()
    {
        var start = new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);
        var all = new List<string>();
        foreach (var i in Enumerable.Range(0, 12).OrderBy(i => i * 5 % 12))
            await Store.CreateAsync(Samples.Record(start.AddTicks((10 * (i / 4)) + (i * 3 % 10)), id: $"an_{i:D2}"), None);

        HistoryCursor? after = null;
        for (; ; )
        {
            var page = await Store.ListOpenAsync("acme", after, 3, None);
            if (page.Count == 0) break;
            all.AddRange(page.Select(state => state.Record.Id));
            after = HistoryCursor.Behind(page[^1].Record.AcceptedAt, page[^1].Record.Id);
        }

        Assert.Equal(Enumerable.Range(0, 12).Reverse().Select(i => $"an_{i:D2}"), all);
    }

    private async Task<(long Sequence, DateTimeOffset ChangedAt, DateTimeOffset? StartedAt)> MarksAsync(string id) =>
        await Store.FindAsync(id, None) is { } state ? (state.Sequence, state.ChangedAt, state.StartedAt) : default;
}
