using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.TestServers;
using StackExchange.Redis;

namespace Deepfake.Infrastructure.Tests.Analyses;

[Collection(Servers.Collection)]
public sealed class RedisAnalysisStoreTests(Servers servers) : AnalysisStoreContract
{
    private readonly List<RedisAnalysisStore> _opened = [];
    private string _configuration = "";

    public override Task DisposeAsync()
    {
        foreach (var store in _opened) store.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_finished_record_expires_only_after_its_announcement()
    {
        var record = await CreateAsync();
        await FinishAsync(record.Id);
        using var redis = await ConnectionMultiplexer.ConnectAsync(_configuration);
        var db = redis.GetDatabase();

        Assert.Null(await db.KeyTimeToLiveAsync($"{{df}}:a:{record.Id}"));
        await Store.MarkAnnouncedAsync(record.Id, None);

        Assert.InRange((await db.KeyTimeToLiveAsync($"{{df}}:a:{record.Id}"))!.Value, TimeSpan.FromMinutes(59), TimeSpan.FromMinutes(60));
        Assert.NotNull(await db.KeyTimeToLiveAsync($"{{df}}:e:{record.Id}"));
    }

    [Fact]
    public async Task A_watcher_hears_of_what_another_instance_writes()
    {
        var record = await CreateAsync();
        var other = await ReopenAsync();
        var watcher = Task.Run(() => EventsAsync(record.Id, wait: true));

        await other.AdvanceAsync(record.Id, Stage.Frames, 10, None);
        Assert.True(await other.TryFinishAsync(record.Id, Samples.Result(record.Id, Now), None));

        Assert.Equal([1, 2, 3], (await watcher.WaitAsync(TimeSpan.FromSeconds(10))).Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_watcher_survives_a_lost_notification()
    {
        var record = await CreateAsync();
        await using var watch = Store.WatchAsync(record.Id, 1, None).GetAsyncEnumerator();
        var next = watch.MoveNextAsync().AsTask();
        using var redis = await ConnectionMultiplexer.ConnectAsync(_configuration);

        // Written past the store, so nobody is notified.
        await redis.GetDatabase().ListRightPushAsync(
            $"{{df}}:e:{record.Id}", """{"sequence":0,"at":"2026-01-01T00:00:00+00:00","status":"running","stage":"frames","percent":7}""");

        Assert.True(await next.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal((2, 7d), (watch.Current.Sequence, watch.Current.Percent));
    }

    [Fact]
    public async Task Writes_watches_and_scripts_go_on_after_the_server_was_killed()
    {
        await using var server = await RedisServer.StartAsync();
        using var store = new RedisAnalysisStore(server.ConnectionString, LimitOptions, Clock);
        var record = Samples.Record(Now);
        await store.CreateAsync(record, None);
        var watcher = Task.Run(() => EventsAsync(record.Id, store: store, wait: true));
        await store.AdvanceAsync(record.Id, Stage.Frames, 10, None);

        await server.KillAsync();
        await Assert.ThrowsAnyAsync<Exception>(() => store.AdvanceAsync(record.Id, Stage.Frames, 20, None));
        await server.RestartAsync();

        await AnsweredAsync(
            async () => await store.TryFinishAsync(record.Id, Samples.Result(record.Id, Now), None) || await store.FindAsync(record.Id, None) is { IsOver: true }, "the store writes again");
        Assert.Equal([1, 2, 3], (await watcher.WaitAsync(TimeSpan.FromSeconds(20))).Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_watcher_that_comes_while_the_server_is_away_sees_what_happens_after_it_is_back()
    {
        await using var server = await RedisServer.StartAsync();
        using var store = new RedisAnalysisStore(server.ConnectionString, LimitOptions, Clock);
        var record = Samples.Record(Now);
        await store.CreateAsync(record, None);
        await server.KillAsync();

        var watcher = EventsAsync(record.Id, store: store, wait: true);
        await server.RestartAsync();
        await AnsweredAsync(
            async () => await store.TryFinishAsync(record.Id, Samples.Result(record.Id, Now), None) || await store.FindAsync(record.Id, None) is { IsOver: true }, "the store writes again");

        Assert.Equal([1, 2], (await watcher.WaitAsync(TimeSpan.FromSeconds(20))).Select(e => e.Sequence));
    }

    [Fact]
    public async Task A_server_that_comes_up_later_is_found()
    {
        await using var server = await RedisServer.StartAsync();
        await server.KillAsync();
        using var store = new RedisAnalysisStore(server.ConnectionString, LimitOptions, Clock);
        await Assert.ThrowsAnyAsync<Exception>(() => store.CountUnfinishedAsync(None));

        await server.RestartAsync();

        await AnsweredAsync(async () => await store.CountUnfinishedAsync(None) == 0, "the store connects");
    }

    /// <summary>Waits until a server that was away answers, and says yes.</summary>
    private static Task AnsweredAsync(Func<Task<bool>> ask, string what) => Eventually.TrueAsync(
        async () =>
        {
            try
            {
                return await ask();
            }
            catch (Exception e) when (e is RedisException or TimeoutException)
            {
                return false;
            }
        },
        what);

    protected override async Task<IAnalysisStore> OpenAsync()
    {
        _configuration = await servers.Set.NewRedisDatabaseAsync();
        return await ReopenAsync();
    }

    protected override Task<IAnalysisStore> ReopenAsync()
    {
        var store = new RedisAnalysisStore(_configuration, LimitOptions, Clock);
        _opened.Add(store);
        return Task.FromResult<IAnalysisStore>(store);
    }
}
