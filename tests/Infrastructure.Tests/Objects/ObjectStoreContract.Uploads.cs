using Deepfake.Infrastructure.Objects;

namespace Deepfake.Infrastructure.Tests.Objects;

/// <content>Objects that grow over many connections and lives of processes.</content>
public abstract partial class ObjectStoreContract
{
    private const string Key = "t/an_1/media";

    private IUploadStore Uploads => (IUploadStore)Store;

    [Theory]
    [InlineData(1)]
    [InlineData(300_000, 700_000)]
    [InlineData(5 * Megabyte)]
    [InlineData(5 * Megabyte, 1)]
    [InlineData((5 * Megabyte) - 1, 1, 1, (5 * Megabyte) + 1)]
    [InlineData(12 * Megabyte, 3 * Megabyte, 1_000_001, 7)]
    public async Task Pieces_of_any_length_make_the_object(params int[] pieces)
    {
        var total = pieces.Sum(piece => (long)piece);
        var grown = await Uploads.BeginAsync(Key, total, "video/mp4", None);
        foreach (var piece in pieces)
        {
            grown = await AppendAsync(grown, grown.Length + piece);
            Assert.False(await Store.ExistsAsync(Key, None));
        }

        Assert.Equal(total, grown.Length);
        await Uploads.CompleteAsync(grown, None);

        await AssertWholeAsync(total);
        await Uploads.CompleteAsync(grown, None); // nobody heard of it the first time
        await AssertWholeAsync(total);
    }

    [Theory]
    [InlineData(0, 0)]
    [InlineData(0, 100_001)]
    [InlineData(0, 12 * Megabyte)]
    [InlineData(1_000_000, 1_500_000)]
    [InlineData(6 * Megabyte, 13 * Megabyte)]
    public async Task What_came_before_a_break_is_durable_and_continued(int before, int breaksAt)
    {
        const long Total = 14 * Megabyte;
        var saved = await Uploads.BeginAsync(Key, Total, "video/mp4", None);
        if (before > 0) saved = await AppendAsync(saved, before);
        var states = new List<long>();

        await Assert.ThrowsAsync<IOException>(() => Uploads.AppendAsync(saved, new PatternStream(Total, breaksAt, start: before), Save, null, None));

        Assert.Equal(breaksAt, saved.Length);
        Assert.Equal(states.Order().Distinct(), states);
        saved = await AppendAsync(saved, Total);
        await Uploads.CompleteAsync(saved, None);
        await AssertWholeAsync(Total);

        Task Save(GrowingObject state)
        {
            saved = state;
            states.Add(state.Length);
            return Task.CompletedTask;
        }
    }

    [Fact]
    public async Task A_newer_request_ends_an_older_one_without_loss()
    {
        using var newer = new CancellationTokenSource();
        var saved = await Uploads.BeginAsync(Key, 8 * Megabyte, "video/mp4", None);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => Uploads.AppendAsync(
            saved, new PatternStream(8 * Megabyte, 7 * Megabyte, () => newer.CancelAsync()), state => Task.FromResult(saved = state), null, newer.Token));

        Assert.Equal(7 * Megabyte, saved.Length);
        await Uploads.CompleteAsync(await AppendAsync(saved, 8 * Megabyte), None);
        await AssertWholeAsync(8 * Megabyte);
    }

    [Fact]
    public async Task Bytes_behind_the_saved_state_never_count()
    {
        var first = await AppendAsync(await Uploads.BeginAsync(Key, 16 * Megabyte, "video/mp4", None), (6 * Megabyte) + 5);
        // A process that dies after it wrote and before it could save.
        await Assert.ThrowsAsync<TimeoutException>(() => Uploads.AppendAsync(
            first, new MemoryStream(new byte[7 * Megabyte]), _ => throw new TimeoutException("killed"), null, None));

        var second = await AppendAsync(first, 16 * Megabyte);
        await Uploads.CompleteAsync(second, None);

        await AssertWholeAsync(16 * Megabyte);
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1_000_000)]
    [InlineData(7 * Megabyte)]
    public async Task A_piece_that_is_not_verified_leaves_no_trace(int before)
    {
        const long Total = 20 * Megabyte;
        var saved = await Uploads.BeginAsync(Key, Total, "video/mp4", None);
        if (before > 0) saved = await AppendAsync(saved, before);
        Func<GrowingObject, Task> never = _ => throw new InvalidOperationException("Nothing may be saved.");

        await Assert.ThrowsAsync<TimeoutException>(() => Uploads.AppendAsync(saved, new MemoryStream(new byte[12 * Megabyte]), never, () => throw new TimeoutException("wrong"), None));
        await Assert.ThrowsAsync<IOException>(() => Uploads.AppendAsync(saved, new PatternStream(Total, 12 * Megabyte, start: before), never, () => { }, None));
        var verified = false;
        var states = new List<long>();
        var end = await Uploads.AppendAsync(
            saved, new PatternStream(Total, start: before), state =>
            {
                Assert.True(verified);
                states.Add(state.Length);
                return Task.CompletedTask;
            },
            () => verified = true, None);

        Assert.Equal([Total], states);
        await Uploads.CompleteAsync(end, None);
        await AssertWholeAsync(Total);
    }

    [Fact]
    public async Task An_empty_piece_changes_nothing()
    {
        var grown = await AppendAsync(await Uploads.BeginAsync(Key, 100, "x/y", None), 50);

        Assert.Equal(grown, await Uploads.AppendAsync(grown, Stream.Null, _ => throw new InvalidOperationException(), null, None));
    }

    [Theory]
    [InlineData(0)]
    [InlineData(77)]
    [InlineData(6 * Megabyte)]
    public async Task What_is_not_wanted_any_more_is_removed(int length)
    {
        var grown = await Uploads.BeginAsync(Key, 8 * Megabyte, "x/y", None);
        if (length > 0) grown = await AppendAsync(grown, length);

        await Uploads.AbortAsync(grown, None);
        await Uploads.AbortAsync(grown, None);

        Assert.Equal(0, await CountUnfinishedAsync());
        Assert.Empty(await ListAsync(""));
        if (length > 0) await Assert.ThrowsAnyAsync<IOException>(() => Uploads.CompleteAsync(grown, None));
    }

    [Fact]
    public async Task Aborting_what_is_complete_leaves_the_object()
    {
        var grown = await AppendAsync(await Uploads.BeginAsync(Key, 9, "x/y", None), 9);
        await Uploads.CompleteAsync(grown, None);

        await Uploads.AbortAsync(grown, None);

        await AssertWholeAsync(9);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(13 * Megabyte)]
    public async Task A_moved_object_is_under_its_new_key_only(int length)
    {
        await Store.PutAsync("t/an_1/incoming", new PatternStream(length), "video/mp4", None);
        await PutAsync(Key, "was here before");

        await Uploads.MoveAsync("t/an_1/incoming", Key, None);

        Assert.Equal([Key], await ListAsync(""));
        await AssertWholeAsync(length);
        Assert.Equal("t/an_1/incoming", (await Assert.ThrowsAsync<ObjectNotFoundException>(() => Uploads.MoveAsync("t/an_1/incoming", Key, None))).Key);
        await AssertWholeAsync(length);
    }

    private Task<GrowingObject> AppendAsync(GrowingObject grown, long upTo) =>
        Uploads.AppendAsync(grown, new PatternStream(upTo, start: grown.Length), _ => Task.CompletedTask, null, None);

    private async Task AssertWholeAsync(long length)
    {
        Assert.Equal([Key], await ListAsync(""));
        Assert.Equal(0, await CountUnfinishedAsync());
        await using var content = await Store.OpenAsync(Key, None);
        await AssertPatternAsync(content, length);
    }
}
