using System.Text;
using Deepfake.Infrastructure.Documents;

namespace Deepfake.Infrastructure.Tests.Documents;

/// <summary>What every document store promises; run against each adapter.</summary>
public abstract class DocumentStoreContract : IAsyncLifetime
{
    private protected const string Kind = "note";
    private protected const string OtherKind = "task";
    private protected static readonly CancellationToken None = CancellationToken.None;
    private protected static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private protected IDocumentStore<Note> Store { get; set; } = null!;

    private protected IDocumentStore<Chore> Chores { get; set; } = null!;

    public abstract Task InitializeAsync();

    public abstract Task DisposeAsync();

    /// <summary>Ends the process and starts another one: the stores are new, what was stored is not.</summary>
    protected abstract Task RestartAsync();

    [Fact]
    public async Task A_document_reads_back_whole_for_its_tenant_and_kind_only()
    {
        Assert.True(await Store.TryAddAsync(New("a", "text", Start), None));

        var found = await Store.FindAsync("acme", "a", None);
        Assert.Equal(new Document<Note>("acme", "a", new Note("text"), Start, 1), found);
        Assert.Null(await Store.FindAsync("other", "a", None));
        Assert.Null(await Store.FindAsync("acme", "b", None));
        Assert.Null(await Chores.FindAsync("acme", "a", None));
        Assert.Empty(await Chores.ListAsync("acme", null, 10, None));
        Assert.Empty(await Chores.ListDueAsync(Start.AddDays(1), 10, None));
        Assert.Empty(await Store.ListAsync("other", null, 10, None));
    }

    [Fact]
    public async Task A_name_is_taken_inside_tenant_and_kind()
    {
        Assert.True(await Store.TryAddAsync(New("a", "first"), None));
        Assert.False(await Store.TryAddAsync(New("a", "second"), None));
        Assert.True(await Store.TryAddAsync(New("a", "theirs") with { Tenant = "other" }, None));
        Assert.True(await Store.TryAddAsync(New("a", "of all") with { Tenant = "" }, None));
        Assert.True(await Chores.TryAddAsync(new Document<Chore>("acme", "a", new Chore(1)), None));

        Assert.Equal("first", (await Store.FindAsync("acme", "a", None))!.Value.Text);
        Assert.Equal("theirs", (await Store.FindAsync("other", "a", None))!.Value.Text);
        Assert.Equal("of all", (await Store.FindAsync("", "a", None))!.Value.Text);
    }

    [Fact]
    public async Task One_of_many_concurrent_adders_gets_the_name()
    {
        var added = await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(() => Store.TryAddAsync(New($"claim-{i % 10}", $"{i}"), None))));

        Assert.Equal(10, added.Count(won => won));
        Assert.Equal(10, (await Store.ListAsync("acme", null, 100, None)).Count);
    }

    [Fact]
    public async Task A_change_holds_only_from_the_version_it_was_made_of()
    {
        await Store.TryAddAsync(New("a", "1", Start), None);
        var first = (await Store.FindAsync("acme", "a", None))!;

        Assert.True(await Store.TryUpdateAsync(first with { Value = new Note("2"), Due = null }, None));
        Assert.False(await Store.TryUpdateAsync(first with { Value = new Note("3") }, None));

        Assert.Equal(new Document<Note>("acme", "a", new Note("2"), null, 2), await Store.FindAsync("acme", "a", None));
        Assert.False(await Store.TryUpdateAsync(New("b", "unknown") with { Version = 1 }, None));
        Assert.False(await Store.TryUpdateAsync(New("b", "unknown"), None));
        Assert.Null(await Store.FindAsync("acme", "b", None));
        Assert.False(await Store.TryUpdateAsync(first with { Tenant = "other" }, None));
    }

    [Fact]
    public async Task No_increment_of_concurrent_writers_is_lost()
    {
        await Chores.TryAddAsync(new Document<Chore>("acme", "sum", new Chore(0)), None);

        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (var done = 0; done < 10;)
            {
                var read = (await Chores.FindAsync("acme", "sum", None))!;
                if (await Chores.TryUpdateAsync(read with { Value = new Chore(read.Value.Count + 1) }, None)) done++;
            }
        })));

        var sum = await Chores.FindAsync("acme", "sum", None);
        Assert.Equal((80, 81), (sum!.Value.Count, sum.Version));
    }

    [Fact]
    public async Task A_document_is_removed_once_and_only_in_the_version_asked_for()
    {
        await Store.TryAddAsync(New("a", "1", Start), None);
        await Store.TryUpdateAsync(New("a", "2", Start) with { Version = 1 }, None);

        Assert.False(await Store.TryDeleteAsync("acme", "a", 1, None));
        Assert.False(await Store.TryDeleteAsync("other", "a", null, None));
        Assert.True(await Store.TryDeleteAsync("acme", "a", 2, None));
        Assert.False(await Store.TryDeleteAsync("acme", "a", null, None));
        Assert.Null(await Store.FindAsync("acme", "a", None));
        Assert.Empty(await Store.ListDueAsync(Start.AddDays(1), 10, None));
        Assert.True(await Store.TryAddAsync(New("a", "again"), None));
        Assert.Equal(1, (await Store.FindAsync("acme", "a", None))!.Version);
        Assert.True(await Store.TryDeleteAsync("acme", "a", null, None));
    }

    [Fact]
    public async Task One_of_many_concurrent_removers_has_removed_it()
    {
        await Store.TryAddAsync(New("a", "1"), None);

        var removed = await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => Task.Run(() => Store.TryDeleteAsync("acme", "a", null, None))));

        Assert.Single(removed, done => done);
    }

    [Fact]
    public async Task A_list_is_ordered_by_code_point_and_read_in_pages()
    {
        string[] ids = ["", "!", "10", "9", "A", "Z", "a", "z", "~", "ä", "中", "\uE000", "\uFFFD", "😀", "😁"];
        foreach (var id in ids.Skip(1).Reverse()) await Store.TryAddAsync(New(id, id), None);
        await Store.TryAddAsync(New("b", "theirs") with { Tenant = "acme2" }, None);
        await Store.TryAddAsync(New("b", "theirs") with { Tenant = "" }, None);

        var listed = new List<string>();
        for (string? after = null; ;)
        {
            var page = await Store.ListAsync("acme", after, 4, None);
            if (page.Count == 0) break;
            listed.AddRange(page.Select(document => document.Id));
            after = listed[^1];
        }

        Assert.Equal(ids.Skip(1), listed);
        Assert.Equal(["中", "\uE000"], (await Store.ListAsync("acme", "é", 2, None)).Select(document => document.Id));
        Assert.Empty(await Store.ListAsync("acme", "😁", 2, None));
        Assert.Empty(await Store.ListAsync("zzz", null, 2, None));
    }

    [Fact]
    public async Task What_is_due_comes_longest_overdue_first_over_all_tenants()
    {
        await Store.TryAddAsync(New("late", "", Start.AddMinutes(1)), None);
        await Store.TryAddAsync(New("later", "", Start.AddMinutes(2)) with { Tenant = "other" }, None);
        await Store.TryAddAsync(New("first", "", Start) with { Tenant = "" }, None);
        await Store.TryAddAsync(New("never", ""), None);
        await Store.TryAddAsync(New("future", "", Start.AddMinutes(2).AddMicroseconds(1)), None);

        Assert.Equal(["first", "late", "later"], (await Store.ListDueAsync(Start.AddMinutes(2), 10, None)).Select(document => document.Id));
        Assert.Equal(["first", "late"], (await Store.ListDueAsync(Start.AddHours(1), 2, None)).Select(document => document.Id));
        Assert.Empty(await Store.ListDueAsync(Start.AddMicroseconds(-1), 10, None));

        await Store.TryUpdateAsync(New("first", "", Start.AddHours(1)) with { Tenant = "", Version = 1 }, None);
        await Store.TryUpdateAsync(New("late", "") with { Version = 1 }, None);
        Assert.Equal(["later"], (await Store.ListDueAsync(Start.AddMinutes(2), 10, None)).Select(document => document.Id));
        Assert.Equal(["first"], (await Store.ListDueAsync(Start.AddHours(1), 10, None)).Select(document => document.Id).Where(id => id == "first"));
    }

    [Fact]
    public async Task A_due_time_is_kept_in_utc_and_whole_microseconds()
    {
        var local = new DateTimeOffset(2026, 3, 4, 5, 6, 7, TimeSpan.FromHours(2)).AddTicks(1234567);
        await Store.TryAddAsync(New("a", "", local), None);

        var due = (await Store.FindAsync("acme", "a", None))!.Due!.Value;

        Assert.Equal((TimeSpan.Zero, local.UtcTicks / 10 * 10), (due.Offset, due.Ticks));
        Assert.Single(await Store.ListDueAsync(local, 1, None));
    }

    [Theory]
    [InlineData("")]
    [InlineData("line\nfeed\r\t\"quoted\" \\ back")]
    [InlineData("nul \0 and bell \a")]
    [InlineData("日本語 ä é e\u0301 😀 \u2028 \uFFFF")]
    [InlineData("{\"kind\":\"task\"} ' OR 1=1; -- %s {0} $1")]
    public async Task Any_text_reads_back_as_it_was(string text)
    {
        Assert.True(await Store.TryAddAsync(New("a", text), None));
        Assert.True(await Store.TryUpdateAsync(New("a", text + text) with { Version = 1 }, None));
        await RestartAsync();

        Assert.Equal(text + text, (await Store.FindAsync("acme", "a", None))!.Value.Text);
        Assert.Equal(text + text, Assert.Single(await Store.ListAsync("acme", null, 1, None)).Value.Text);
    }

    [Theory]
    [InlineData("x' OR '1'='1", "%_*")]
    [InlineData("😀 tenant\n", "a/b\\c\t…")]
    [InlineData("\u007f\u0001", " ")]
    public async Task Any_name_is_a_name(string tenant, string id)
    {
        Assert.True(await Store.TryAddAsync(new Document<Note>(tenant, id, new Note("x")), None));
        await RestartAsync();

        Assert.Equal((tenant, id), (await Store.FindAsync(tenant, id, None)) is { } found ? (found.Tenant, found.Id) : default);
        Assert.Equal(id, Assert.Single(await Store.ListAsync(tenant, null, 5, None)).Id);
        Assert.True(await Store.TryDeleteAsync(tenant, id, 1, None));
    }

    [Fact]
    public async Task A_name_that_cannot_be_is_refused_and_never_found()
    {
        string[] impossible = ["", "a\0b", "half \ud83d pair", new('x', 201)];
        foreach (var id in impossible)
        {
            await Assert.ThrowsAsync<ArgumentException>(() => Store.TryAddAsync(New(id, ""), None));
            await Assert.ThrowsAsync<ArgumentException>(() => Store.TryUpdateAsync(New(id, "") with { Version = 1 }, None));
            Assert.Null(await Store.FindAsync("acme", id, None));
            Assert.False(await Store.TryDeleteAsync("acme", id, null, None));
            Assert.Null(await Store.FindAsync(id.Length == 0 ? "\0" : id, "a", None));
        }

        Assert.True(await Store.TryAddAsync(New(new string('x', 200), ""), None));
        Assert.Single(await Store.ListAsync("acme", "", 5, None));
        Assert.Empty(await Store.ListAsync("acme", "a\0b", 5, None));
        Assert.Empty(await Store.ListAsync("\0", null, 5, None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.ListAsync("acme", null, 0, None));
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.ListDueAsync(Start, 0, None));
    }

    [Fact]
    public async Task A_value_of_a_megabyte_reads_back()
    {
        var text = new StringBuilder();
        for (var i = 0; text.Length < 1 << 20; i++) text.Append(i).Append(' ');

        Assert.True(await Store.TryAddAsync(New("big", text.ToString()), None));

        Assert.Equal(text.ToString(), (await Store.FindAsync("acme", "big", None))!.Value.Text);
    }

    [Fact]
    public async Task What_was_written_survives_a_restart()
    {
        await Store.TryAddAsync(New("added", "1", Start), None);
        await Store.TryAddAsync(New("changed", "1"), None);
        await Store.TryUpdateAsync(New("changed", "2", Start.AddHours(1)) with { Version = 1 }, None);
        await Store.TryAddAsync(New("removed", "1", Start), None);
        await Store.TryDeleteAsync("acme", "removed", null, None);
        await Chores.TryAddAsync(new Document<Chore>("acme", "added", new Chore(7)), None);

        await RestartAsync();

        Assert.Equal(
            [new Document<Note>("acme", "added", new Note("1"), Start, 1), new Document<Note>("acme", "changed", new Note("2"), Start.AddHours(1), 2)],
            await Store.ListAsync("acme", null, 10, None));
        Assert.Equal(["added", "changed"], (await Store.ListDueAsync(Start.AddDays(1), 10, None)).Select(document => document.Id));
        Assert.Equal(7, (await Chores.FindAsync("acme", "added", None))!.Value.Count);
        Assert.True(await Store.TryUpdateAsync(New("changed", "3") with { Version = 2 }, None));
        Assert.True(await Store.TryAddAsync(New("removed", "again"), None));
    }

    [Fact]
    public async Task A_value_of_an_older_release_reads_with_the_defaults_of_what_was_added()
    {
        await Chores.TryAddAsync(new Document<Chore>("acme", "a", new Chore(3)), None);

        Assert.Equal("nobody", (await Chores.FindAsync("acme", "a", None))!.Value.Owner);
    }

    private protected static Document<Note> New(string id, string text, DateTimeOffset? due = null) => new("acme", id, new Note(text), due);
}

/// <summary>A value.</summary>
public sealed record Note(string Text);

/// <summary>A value of another kind.</summary>
public sealed record Chore(int Count)
{
    public string Owner { get; init; } = "nobody";
}
