using Deepfake.Infrastructure.Analyses;

namespace Deepfake.Infrastructure.Tests.Analyses;

public abstract partial class AnalysisStoreContract
{
    [Fact]
    public async Task Of_many_parallel_submissions_as_many_are_taken_as_the_key_may_have_unfinished()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 60).Select(_ => Task.Run(() => TryCreateAsync("acme", new Concurrency("key", 7, null)))));

        Assert.Equal(7, taken.Count(record => record is not null));
        Assert.Equal(7, await Store.CountUnfinishedAsync(None));
        Assert.NotNull(await TryCreateAsync("acme", new Concurrency("other", 7, null)));
        Assert.NotNull(await TryCreateAsync("acme", null));
    }

    [Fact]
    public async Task All_keys_of_a_tenant_share_its_number()
    {
        var taken = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => Task.Run(() => TryCreateAsync("acme", new Concurrency($"key{i % 3}", null, 5)))));

        Assert.Equal(5, taken.Count(record => record is not null));
        Assert.NotNull(await TryCreateAsync("other", new Concurrency("theirs", null, 5)));
        var refusal = await Assert.ThrowsAsync<ConcurrencyExceededException>(() => Store.CreateAsync(New("acme", new Concurrency("key0", 99, 5)), None));
        Assert.Contains("tenant has 5", refusal.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Room_is_made_by_what_ends_or_is_deleted_once_each_and_by_nothing_else()
    {
        var allowed = new Concurrency("key", 3, 3);
        var first = (await TryCreateAsync("acme", allowed))!;
        var second = (await TryCreateAsync("acme", allowed))!;
        var third = (await TryCreateAsync("acme", allowed))!;
        Assert.Null(await TryCreateAsync("acme", allowed));

        await FinishAsync(first.Id);
        await Store.TryFinishAsync(first.Id, Samples.Result(first.Id, Now), None);
        await Store.MarkAnnouncedAsync(first.Id, None);
        await Store.DeleteAsync("acme", first.Id, None);
        Assert.NotNull(await TryCreateAsync("acme", allowed));
        Assert.Null(await TryCreateAsync("acme", allowed));

        Assert.False(await Store.DeleteAsync("other", second.Id, None));
        Assert.Null(await TryCreateAsync("acme", allowed));
        await Store.DeleteAsync("acme", second.Id, None);
        await Store.DeleteAsync("acme", second.Id, None);
        Assert.NotNull(await TryCreateAsync("acme", allowed));
        Assert.Null(await TryCreateAsync("acme", allowed));

        await Store.AdvanceAsync(third.Id, Deepfake.Contracts.Stage.Frames, 10, None);
        Assert.Null(await TryCreateAsync("acme", allowed));
    }

    [Fact]
    public async Task The_numbers_survive_a_restart_and_an_id_that_exists_takes_no_room()
    {
        var allowed = new Concurrency("key", 2, null);
        var first = (await TryCreateAsync("acme", allowed))!;
        await Assert.ThrowsAsync<InvalidOperationException>(() => Store.CreateAsync(first, None));

        Store = await ReopenAsync();

        Assert.NotNull(await TryCreateAsync("acme", allowed));
        Assert.Null(await TryCreateAsync("acme", allowed));
        Assert.Equal(allowed, (await Store.FindAsync(first.Id, None))!.Record.Concurrency);
    }

    private AnalysisRecord New(string tenant, Concurrency? allowed) => Samples.Record(Now) with { Tenant = tenant, Concurrency = allowed };

    private async Task<AnalysisRecord?> TryCreateAsync(string tenant, Concurrency? allowed)
    {
        var record = New(tenant, allowed);
        try
        {
            await Store.CreateAsync(record, None);
            return record;
        }
        catch (ConcurrencyExceededException)
        {
            return null;
        }
    }
}
