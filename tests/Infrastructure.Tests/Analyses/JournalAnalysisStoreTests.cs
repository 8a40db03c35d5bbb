using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Infrastructure.Tests.Analyses;

public sealed class JournalAnalysisStoreTests : AnalysisStoreContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("journal-");
    private JournalAnalysisStore? _open;

    private string Journal => Path.Combine(_folder.FullName, "analyses.journal");

    public override Task DisposeAsync()
    {
        _open?.Dispose();
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_tail_torn_at_any_byte_loses_only_the_last_record()
    {
        var record = await CreateAsync();
        await Store.AdvanceAsync(record.Id, Stage.Frames, 10, None);
        _open!.Dispose();
        var before = new FileInfo(Journal).Length;
        using (var store = Open()) await store.AdvanceAsync(record.Id, Stage.Scoring, 20, None);
        var whole = await File.ReadAllBytesAsync(Journal);

        for (var length = before; length < whole.Length; length++)
        {
            await File.WriteAllBytesAsync(Journal, whole[..(int)length]);
            using var store = Open();
            Assert.Equal(10, (await store.FindAsync(record.Id, None))!.Percent);
            // The torn part is gone for good: the next record is readable.
            await store.AdvanceAsync(record.Id, Stage.Scoring, 15, None);
            store.Dispose();
            using var again = Open();
            Assert.Equal(15, (await again.FindAsync(record.Id, None))!.Percent);
        }

        Assert.Empty(Directory.GetFiles(_folder.FullName, "*.damaged-*"));
        await File.WriteAllBytesAsync(Journal, whole);
        _open = Open();
        Assert.Equal(20, (await _open.FindAsync(record.Id, None))!.Percent);
    }

    [Fact]
    public async Task A_damaged_record_is_left_out_those_behind_it_hold_and_the_file_is_kept()
    {
        var first = await CreateAsync();
        _open!.Dispose();
        var before = new FileInfo(Journal).Length;
        using (var store = Open())
        {
            await store.AdvanceAsync(first.Id, Stage.Frames, 10, None);
            await store.AdvanceAsync(first.Id, Stage.Frames, 20, None);
            await store.AdvanceAsync(first.Id, Stage.Scoring, 30, None);
        }

        var bytes = await File.ReadAllBytesAsync(Journal);
        bytes[before + 30] ^= 1;
        await File.WriteAllBytesAsync(Journal, bytes);

        _open = Open();

        Assert.Equal(30, (await _open.FindAsync(first.Id, None))!.Percent);
        Assert.Equal([1, 2, 3], (await EventsAsync(first.Id, store: _open)).Select(e => e.Sequence));
        Assert.Equal(bytes, await File.ReadAllBytesAsync(Assert.Single(Directory.GetFiles(_folder.FullName, "*.damaged-*"))));

        await _open.AdvanceAsync(first.Id, Stage.Scoring, 40, None);
        Assert.Equal(40, (await (await ReopenAsync()).FindAsync(first.Id, None))!.Percent);
        Assert.Single(Directory.GetFiles(_folder.FullName, "*.damaged-*"));
    }

    [Fact]
    public async Task Start_drops_what_no_longer_matters()
    {
        var old = await CreateAsync();
        await Store.AddPartAsync(old.Id, new PartKey("faces", 0), new byte[10_000], None);
        await FinishAsync(old.Id);
        await Store.MarkAnnouncedAsync(old.Id, None);
        var deleted = await CreateAsync();
        await Store.DeleteAsync(deleted.Tenant, deleted.Id, None);
        var unannounced = await CreateAsync();
        await FinishAsync(unannounced.Id);
        var running = await CreateAsync();
        await Store.AdvanceAsync(running.Id, Stage.Frames, 10, None);
        Clock.Advance(TimeSpan.FromHours(2));
        var before = new FileInfo(Journal).Length;

        var store = await ReopenAsync();

        Assert.True(new FileInfo(Journal).Length < before - 10_000);
        Assert.Null(await store.FindAsync(old.Id, None));
        Assert.Empty(await store.FindDeletedAsync(DateTimeOffset.MinValue, None));
        Assert.NotNull(await store.FindResultAsync(unannounced.Tenant, unannounced.Id, None));
        Assert.Equal([1, 2], (await EventsAsync(running.Id, store: store)).Select(e => e.Sequence));
    }

    [Fact]
    public async Task Finished_analyses_leave_a_running_process_after_their_time()
    {
        var record = await CreateAsync();
        await FinishAsync(record.Id);
        await Store.MarkAnnouncedAsync(record.Id, None);
        Clock.Advance(TimeSpan.FromHours(2));

        await CreateAsync();

        Assert.Null(await Store.FindAsync(record.Id, None));
    }

    [Fact]
    public async Task Two_processes_cannot_share_a_journal()
    {
        await CreateAsync();

        Assert.Throws<IOException>(Open);
    }

    [Fact]
    public async Task A_thousand_parallel_writers_are_all_on_disk_when_they_return()
    {
        var records = await Task.WhenAll(Enumerable.Range(0, 1000).Select(_ => Task.Run(() => CreateAsync())));

        var store = await ReopenAsync();

        Assert.Equal(1000, await store.CountUnfinishedAsync(None));
        Assert.All(records, record => Assert.NotNull(store.FindAsync(record.Id, None).Result));
    }

    [Fact]
    public async Task What_is_not_yet_on_the_disk_is_not_told()
    {
        var running = await CreateAsync();
        var flush = new ManualResetEventSlim();
        _open!.Journal.Flush = _ => flush.Wait();
        var record = Samples.Record(Now);
        var create = Store.CreateAsync(record, None);
        var advance = Store.AdvanceAsync(running.Id, Stage.Frames, 10, None);

        var finds = new[] { Store.FindAsync(record.Id, None), Store.FindAsync(record.Tenant, record.Id, None), Store.FindAsync(running.Id, None) };
        var early = finds.Count(find => find.IsCompleted);
        var listed = await Store.ListOpenAsync(running.Tenant, null, 10, None);
        flush.Set(); // before anything is asserted: closing the journal waits for it

        await Task.WhenAll(create, advance);
        Assert.All(await Task.WhenAll(finds), Assert.NotNull);
        Assert.Equal(0, early);
        Assert.Equal(running.Id, Assert.Single(listed).Record.Id);
    }

    [Fact]
    public async Task What_could_not_be_written_is_never_told()
    {
        var safe = await CreateAsync();
        var running = await CreateAsync();
        var flush = new ManualResetEventSlim();
        _open!.Journal.Flush = _ =>
        {
            flush.Wait();
            throw new IOException("No space left on device");
        };
        var record = Samples.Record(Now);
        var writes = new[] { Store.CreateAsync(record, None), Store.TryFinishAsync(running.Id, Samples.Result(running.Id, Now), None) };
        flush.Set();
        foreach (var write in writes) await Assert.ThrowsAsync<IOException>(() => write);

        await Assert.ThrowsAsync<IOException>(() => Store.FindAsync(record.Id, None));
        await Assert.ThrowsAsync<IOException>(() => Store.FindResultAsync(running.Tenant, running.Id, None));
        Assert.NotNull(await Store.FindAsync(safe.Id, None));
        Assert.DoesNotContain(await Store.ListOpenAsync(record.Tenant, null, 10, None), state => state.Record.Id == record.Id);
    }

    protected override Task<IAnalysisStore> OpenAsync() => Task.FromResult<IAnalysisStore>(_open = Open());

    protected override Task<IAnalysisStore> ReopenAsync()
    {
        _open!.Dispose();
        return OpenAsync();
    }

    private JournalAnalysisStore Open() => new(Journal, LimitOptions, Clock, NullLogger<JournalAnalysisStore>.Instance);
}
