using System.Text;
using Deepfake.Infrastructure.Objects;

namespace Deepfake.Infrastructure.Tests.Objects;

/// <summary>What every object store promises; run against each adapter.</summary>
public abstract partial class ObjectStoreContract : IAsyncLifetime
{
    private const int Megabyte = 1024 * 1024;
    private protected static readonly CancellationToken None = CancellationToken.None;

    private protected IObjectStore Store { get; private set; } = null!;

    public async Task InitializeAsync() => Store = await OpenAsync();

    public abstract Task DisposeAsync();

    /// <summary>An empty store.</summary>
    protected abstract Task<IObjectStore> OpenAsync();

    /// <summary>How many uploads are begun and neither visible nor gone.</summary>
    protected abstract Task<int> CountUnfinishedAsync();

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(131_072)]
    [InlineData((5 * Megabyte) - 1)]
    [InlineData(5 * Megabyte)]
    [InlineData((5 * Megabyte) + 1)]
    [InlineData((15 * Megabyte) + 77)]
    public async Task An_object_of_any_length_reads_back_as_it_was(int length)
    {
        Assert.Equal(length, await Store.PutAsync("t/an_1/media", new PatternStream(length), "video/mp4", None));

        await using var content = await Store.OpenAsync("t/an_1/media", None);
        await AssertPatternAsync(content, length);
        using var local = await Store.MaterializeAsync("t/an_1/media", None);
        Assert.True(Path.IsPathFullyQualified(local.Path));
        await using var file = File.OpenRead(local.Path);
        await AssertPatternAsync(file, length);
    }

    [Fact]
    public async Task A_second_put_replaces_the_first()
    {
        await PutAsync("t/an_1/media", "first and longer");
        await PutAsync("t/an_1/media", "second");

        Assert.Equal("second", await ReadAsync("t/an_1/media"));
        Assert.Equal(["t/an_1/media"], await ListAsync("t/"));
    }

    [Fact]
    public async Task What_lies_below_a_prefix_is_counted_and_measured()
    {
        Assert.Equal(new ObjectTotal(0, 0), await Store.MeasureAsync("t/an_1/", None));
        await PutAsync("t/an_1/media", "12345");
        await PutAsync("t/an_1/empty", "");
        await PutAsync("t/an_10/media", "1234567");

        Assert.Equal(new ObjectTotal(2, 5), await Store.MeasureAsync("t/an_1/", None));
        Assert.Equal(new ObjectTotal(3, 12), await Store.MeasureAsync("t/", None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(100_000)]
    [InlineData(12 * Megabyte)]
    public async Task A_stream_that_breaks_leaves_nothing_and_keeps_what_was_there(int breaksAt)
    {
        await PutAsync("t/an_1/old", "kept");

        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("t/an_1/new", new PatternStream(20 * Megabyte, breaksAt), "video/mp4", None));
        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("t/an_1/old", new PatternStream(20 * Megabyte, breaksAt), "video/mp4", None));

        Assert.False(await Store.ExistsAsync("t/an_1/new", None));
        Assert.Equal("kept", await ReadAsync("t/an_1/old"));
        Assert.Equal(["t/an_1/old"], await ListAsync("t/"));
        Assert.Equal(0, await CountUnfinishedAsync());
    }

    [Theory]
    [InlineData(100_000)]
    [InlineData(12 * Megabyte)]
    public async Task A_cancelled_upload_leaves_nothing(int at)
    {
        using var cancellation = new CancellationTokenSource();
        var stream = new PatternStream(20 * Megabyte, at, () => cancellation.CancelAsync());

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Store.PutAsync("t/an_1/media", stream, "video/mp4", cancellation.Token));

        Assert.False(await Store.ExistsAsync("t/an_1/media", None));
        Assert.Equal(0, await CountUnfinishedAsync());
    }

    [Fact]
    public async Task Nothing_is_visible_before_the_upload_is_complete()
    {
        var (visible, unfinished) = (true, 0);
        var stream = new PatternStream(20 * Megabyte, 12 * Megabyte, async () =>
        {
            visible = await Store.ExistsAsync("t/an_1/media", None) || (await ListAsync("")).Count > 0;
            unfinished = await CountUnfinishedAsync();
        });

        await Assert.ThrowsAsync<IOException>(() => Store.PutAsync("t/an_1/media", stream, "video/mp4", None));

        Assert.False(visible);
        Assert.Equal(1, unfinished);
    }

    [Fact]
    public async Task Fifty_megabytes_pass_through_a_bounded_amount_of_memory()
    {
        await Store.PutAsync("t/an_0/media", new PatternStream(11 * Megabyte), "video/mp4", None); // warms pools and connections
        GC.Collect();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        long peak = 0;
        var uploading = true;
        var sampler = Task.Run(async () =>
        {
            while (Volatile.Read(ref uploading))
            {
                peak = Math.Max(peak, GC.GetTotalMemory(forceFullCollection: true) - before);
                await Task.Delay(5);
            }
        });

        Assert.Equal(50 * Megabyte, await Store.PutAsync("t/an_1/media", new PatternStream(50 * Megabyte), "video/mp4", None));
        Volatile.Write(ref uploading, false);
        await sampler;

        Assert.InRange(peak, 0, 16 * Megabyte);
        await using var content = await Store.OpenAsync("t/an_1/media", None);
        await AssertPatternAsync(content, 50 * Megabyte);
    }

    [Fact]
    public async Task Parallel_puts_of_one_key_leave_one_whole_object()
    {
        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() => PutAsync("t/an_1/media", new string((char)('a' + i), 200_000)))));

        var content = await ReadAsync("t/an_1/media");
        Assert.Equal(200_000, content.Length);
        Assert.Single(content.Distinct());
    }

    [Fact]
    public async Task A_missing_key_is_named_by_the_exception()
    {
        Assert.False(await Store.ExistsAsync("t/an_1/media", None));
        Assert.Equal("t/an_1/media", (await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.OpenAsync("t/an_1/media", None))).Key);
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.MaterializeAsync("t/an_1/media", None));
        await PutAsync("t/an_1/media", "x");
        await Assert.ThrowsAsync<ObjectNotFoundException>(() => Store.OpenAsync("t/an_1", None));
        Assert.False(await Store.ExistsAsync("t/an_1", None));
    }

    [Fact]
    public async Task Deleting_twice_is_no_error()
    {
        await PutAsync("t/an_1/media", "x");

        await Store.DeleteAsync("t/an_1/media", None);
        await Store.DeleteAsync("t/an_1/media", None);
        await Store.DeleteAsync("t/never/media", None);

        Assert.False(await Store.ExistsAsync("t/an_1/media", None));
        Assert.Empty(await ListAsync(""));
    }

    [Fact]
    public async Task A_prefix_lists_and_deletes_only_what_is_below_it()
    {
        string[] keys = ["t/an_1/media", "t/an_1/faces-0000.safetensors", "t/an_10/media", "t/an_2/a/b/c", "u/an_1/media"];
        foreach (var key in keys) await PutAsync(key, key);

        Assert.Equal(["t/an_1/faces-0000.safetensors", "t/an_1/media", "t/an_10/media"], await ListAsync("t/an_1"));
        Assert.Equal(["t/an_1/faces-0000.safetensors", "t/an_1/media"], await ListAsync("t/an_1/"));
        Assert.Equal(5, (await ListAsync("")).Count);
        Assert.Equal(2, await Store.DeletePrefixAsync("t/an_1/", None));
        Assert.Equal(0, await Store.DeletePrefixAsync("t/an_1/", None));
        Assert.Equal(["t/an_10/media", "t/an_2/a/b/c", "u/an_1/media"], await ListAsync(""));
    }

    [Fact]
    public async Task More_objects_than_a_page_holds_are_listed_and_deleted()
    {
        await Parallel.ForEachAsync(Enumerable.Range(0, 1100), new ParallelOptions { MaxDegreeOfParallelism = 16 }, async (i, _) => await PutAsync($"t/an_1/{i:D4}", "x"));

        Assert.Equal(1100, (await ListAsync("t/an_1/")).Count);
        Assert.Equal(1100, await Store.DeletePrefixAsync("t/an_1/", None));
        Assert.Empty(await ListAsync(""));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/etc/passwd")]
    [InlineData("t/../../etc/passwd")]
    [InlineData("t/./media")]
    [InlineData("t//media")]
    [InlineData("t/media/")]
    [InlineData("t\\media")]
    [InlineData("t/me dia")]
    [InlineData("t/\u0000")]
    public async Task What_is_no_key_is_refused(string key)
    {
        await Assert.ThrowsAsync<ArgumentException>(() => Store.PutAsync(key, new MemoryStream([1]), "x/y", None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.OpenAsync(key, None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.MaterializeAsync(key, None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.ExistsAsync(key, None));
        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeleteAsync(key, None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("/")]
    [InlineData("t")]
    [InlineData("../")]
    public async Task A_prefix_that_is_too_wide_deletes_nothing(string prefix)
    {
        await PutAsync("t/an_1/media", "x");

        await Assert.ThrowsAsync<ArgumentException>(() => Store.DeletePrefixAsync(prefix, None));

        Assert.True(await Store.ExistsAsync("t/an_1/media", None));
    }

    private protected Task<long> PutAsync(string key, string content) => Store.PutAsync(key, new MemoryStream(Encoding.UTF8.GetBytes(content)), "text/plain", None);

    private protected async Task<string> ReadAsync(string key)
    {
        await using var content = await Store.OpenAsync(key, None);
        using var reader = new StreamReader(content);
        return await reader.ReadToEndAsync();
    }

    private protected async Task<List<string>> ListAsync(string prefix)
    {
        var keys = new List<string>();
        await foreach (var key in Store.ListAsync(prefix, None)) keys.Add(key);
        keys.Sort(StringComparer.Ordinal);
        return keys;
    }

    private static async Task AssertPatternAsync(Stream content, long length)
    {
        var buffer = new byte[81_920];
        long position = 0;
        for (int read; (read = await content.ReadAsync(buffer)) > 0;)
        {
            for (var i = 0; i < read; i++)
            {
                if (buffer[i] != PatternStream.At(position + i)) Assert.Fail($"Byte {position + i} differs.");
            }

            position += read;
        }

        Assert.Equal(length, position);
    }
}
