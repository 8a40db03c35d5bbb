using System.Diagnostics;
using Deepfake.Gateway.Identity;
using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Tests;

public sealed class DocumentCacheTests
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Long = TimeSpan.FromHours(1);
    private static readonly Session First = new("first", [], DateTimeOffset.MaxValue);
    private static readonly Session Second = new("second", [], DateTimeOffset.MaxValue);
    private readonly Store _store = new();

    [Fact]
    public async Task What_is_known_is_not_asked_for_again_in_its_life()
    {
        using var cache = Cache(life: Long);

        Assert.Equal(First, await cache.FindAsync("a", CancellationToken.None));
        _store.Value = Second;
        Assert.Equal(First, await cache.FindAsync("a", CancellationToken.None));
        Assert.Equal(1, _store.Reads);
    }

    [Fact]
    public async Task A_change_is_seen_when_the_life_is_over_and_at_once_where_it_was_made()
    {
        using var elsewhere = Cache(life: TimeSpan.FromMilliseconds(200));
        using var here = Cache(life: Long);
        await elsewhere.FindAsync("a", CancellationToken.None);
        await here.FindAsync("a", CancellationToken.None);

        _store.Value = Second;
        here.Forget("a");

        Assert.Equal(Second, await here.FindAsync("a", CancellationToken.None));
        await EventuallyAsync(async () => await elsewhere.FindAsync("a", CancellationToken.None) == Second);
    }

    [Fact]
    public async Task While_the_store_is_away_what_is_known_is_believed_for_the_outage_life_and_no_longer()
    {
        var outage = TimeSpan.FromSeconds(2);
        using var cache = Cache(life: TimeSpan.FromMilliseconds(20), outage);
        await cache.FindAsync("a", CancellationToken.None);
        var clock = Stopwatch.StartNew();
        _store.Failure = new IOException("away");

        await EventuallyAsync(async () =>
        {
            try
            {
                Assert.Equal(First, await cache.FindAsync("a", CancellationToken.None));
                return false;
            }
            catch (IOException)
            {
                return true;
            }
        });

        Assert.InRange(clock.Elapsed, outage - TimeSpan.FromMilliseconds(500), Deadline);
        Assert.InRange(_store.Reads, 3, int.MaxValue);
        _store.Failure = null;
        Assert.Equal(First, await cache.FindAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task That_there_is_none_is_remembered_but_not_through_an_outage()
    {
        _store.Value = null;
        using var patient = Cache(life: Long);
        Assert.Null(await patient.FindAsync("a", CancellationToken.None));
        Assert.Null(await patient.FindAsync("a", CancellationToken.None));
        Assert.Equal(1, _store.Reads);

        using var cache = Cache(life: TimeSpan.FromMilliseconds(20));
        Assert.Null(await cache.FindAsync("a", CancellationToken.None));
        _store.Failure = new IOException("away");

        await EventuallyAsync(async () => await Record.ExceptionAsync(async () => await cache.FindAsync("a", CancellationToken.None)) is IOException);
    }

    [Fact]
    public async Task Nothing_known_and_the_store_away_is_an_error()
    {
        using var cache = Cache(life: Long);
        _store.Failure = new IOException("away");

        await Assert.ThrowsAsync<IOException>(async () => await cache.FindAsync("a", CancellationToken.None));
    }

    [Fact]
    public async Task One_request_asks_a_slow_store_anew_while_others_go_on_with_what_is_known()
    {
        using var cache = Cache(life: TimeSpan.Zero);
        await cache.FindAsync("a", CancellationToken.None);
        using var gate = _store.Close();

        var asking = cache.FindAsync("a", CancellationToken.None).AsTask();
        await EventuallyAsync(() => Task.FromResult(_store.Reads == 2));
        for (var i = 0; i < 100; i++) Assert.Equal(First, await cache.FindAsync("a", CancellationToken.None));

        Assert.Equal(2, _store.Reads);
        // Its patience has an end as well, and what the store says later is taken all the same.
        Assert.Equal(First, await asking.WaitAsync(Deadline));
        _store.Value = Second;
        gate.Dispose();
        await EventuallyAsync(async () => await cache.FindAsync("a", CancellationToken.None) == Second);
    }

    [Fact]
    public async Task However_many_ids_are_made_up_it_stays_bounded_and_keeps_what_is_real()
    {
        using var cache = Cache(life: Long);
        await cache.FindAsync("real", CancellationToken.None);
        _store.Value = null;
        for (var i = 0; i < 3 * DocumentCache<Session>.Capacity; i++)
        {
            Assert.Null(await cache.FindAsync($"made-up-{i}", CancellationToken.None));
            if (i % 1000 == 0) Assert.InRange(cache.Count, 1, DocumentCache<Session>.Capacity);
        }

        Assert.InRange(cache.Count, DocumentCache<Session>.Capacity / 2, DocumentCache<Session>.Capacity);
        var reads = _store.Reads;
        Assert.Equal(First, await cache.FindAsync("real", CancellationToken.None));
        Assert.Equal(reads, _store.Reads);
    }

    private DocumentCache<Session> Cache(TimeSpan life, TimeSpan? outage = null) =>
        new(_store, Options.Create(new IdentityOptions { CacheLife = life, OutageLife = outage ?? Long }), NullLoggerFactory.Instance);

    private static async Task EventuallyAsync(Func<Task<bool>> condition)
    {
        using var deadline = new CancellationTokenSource(Deadline);
        while (!await condition()) await Task.Delay(10, deadline.Token);
    }

    /// <summary>A store that holds one session under every id.</summary>
    private sealed class Store : IDocumentStore<Session>
    {
        private volatile SemaphoreSlim? _gate;
        private int _reads;

        public Session? Value { get; set; } = First;

        public Exception? Failure { get; set; }

        public int Reads => Volatile.Read(ref _reads);

        /// <summary>Lets reads wait until what is answered is disposed of.</summary>
        public IDisposable Close() => new Gate(this, _gate = new SemaphoreSlim(0));

        public async Task<Document<Session>?> FindAsync(string tenant, string id, CancellationToken cancellationToken)
        {
            Interlocked.Increment(ref _reads);
            if (_gate is { } gate) await gate.WaitAsync(CancellationToken.None);
            if (Failure is { } failure) throw failure;
            return Value is { } value ? new Document<Session>(tenant, id, value) : null;
        }

        public Task<bool> TryAddAsync(Document<Session> document, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> TryUpdateAsync(Document<Session> document, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<bool> TryDeleteAsync(string tenant, string id, long? version, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<Document<Session>>> ListAsync(string tenant, string? afterId, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

        public Task<IReadOnlyList<Document<Session>>> ListDueAsync(DateTimeOffset now, int limit, CancellationToken cancellationToken) => throw new NotSupportedException();

        private sealed class Gate(Store store, SemaphoreSlim gate) : IDisposable
        {
            public void Dispose()
            {
                store._gate = null;
                gate.Release(1000);
            }
        }
    }
}
