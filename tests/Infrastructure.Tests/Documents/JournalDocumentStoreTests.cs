using Deepfake.Infrastructure.Documents;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Infrastructure.Tests.Documents;

public sealed class JournalDocumentStoreTests : DocumentStoreContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("documents-");
    private DocumentJournal? _open;

    private string Journal => Path.Combine(_folder.FullName, "documents.journal");

    public override Task InitializeAsync()
    {
        Open();
        return Task.CompletedTask;
    }

    public override Task DisposeAsync()
    {
        _open?.Dispose();
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task A_torn_last_line_is_dropped_and_the_rest_kept()
    {
        await Store.TryAddAsync(New("a", "1"), None);
        await Store.TryUpdateAsync(New("a", "2") with { Version = 1 }, None);
        _open!.Dispose();
        await using (var file = new FileStream(Journal, FileMode.Open)) file.SetLength(file.Length - 7);

        Open();

        Assert.Equal(new Document<Note>("acme", "a", new Note("1"), null, 1), await Store.FindAsync("acme", "a", None));
        Assert.True(await Store.TryUpdateAsync(New("a", "3") with { Version = 1 }, None));
    }

    [Fact]
    public async Task What_was_revoked_behind_a_damaged_line_stays_revoked()
    {
        await Store.TryAddAsync(New("key", "valid"), None);
        var before = new FileInfo(Journal).Length;
        await Store.TryAddAsync(New("between", "1"), None);
        await Store.TryUpdateAsync(New("key", "revoked") with { Version = 1 }, None);
        _open!.Dispose();
        var bytes = await File.ReadAllBytesAsync(Journal);
        bytes[before + 20] ^= 1;
        await File.WriteAllBytesAsync(Journal, bytes);

        Open();

        Assert.Equal("revoked", (await Store.FindAsync("acme", "key", None))!.Value.Text);
        Assert.Null(await Store.FindAsync("acme", "between", None));
        Assert.Single(_folder.GetFiles("*.damaged-*"));
        await RestartAsync();
        Assert.Equal("revoked", (await Store.FindAsync("acme", "key", None))!.Value.Text);
        Assert.Single(_folder.GetFiles("*.damaged-*"));
    }

    [Fact]
    public async Task A_start_drops_what_was_replaced_or_removed()
    {
        await Store.TryAddAsync(New("a", "1"), None);
        for (var i = 1; i < 50; i++) await Store.TryUpdateAsync(New("a", $"{i}") with { Version = i }, None);
        await Store.TryAddAsync(New("b", "1"), None);
        await Store.TryDeleteAsync("acme", "b", null, None);
        var before = new FileInfo(Journal).Length;

        await RestartAsync();

        Assert.InRange(new FileInfo(Journal).Length, before / 60, before / 40);
        Assert.Equal(50, (await Store.FindAsync("acme", "a", None))!.Version);
        Assert.Null(await Store.FindAsync("acme", "b", None));
    }

    [Fact]
    public async Task Readers_see_what_is_being_written_whole()
    {
        await Store.TryAddAsync(New("a", "0"), None);
        var writer = Task.Run(async () =>
        {
            for (var i = 1; i <= 200; i++) Assert.True(await Store.TryUpdateAsync(New("a", new string('x', i)) with { Version = i }, None));
        });

        long seen = 0;
        while (!writer.IsCompleted)
        {
            var read = (await Store.FindAsync("acme", "a", None))!;
            Assert.InRange(read.Version, Math.Max(1, seen), 201);
            Assert.Equal(read.Version == 1 ? "0" : new string('x', (int)read.Version - 1), read.Value.Text);
            seen = read.Version;
        }

        await writer;
    }

    protected override Task RestartAsync()
    {
        _open!.Dispose();
        Open();
        return Task.CompletedTask;
    }

    private void Open()
    {
        _open = new DocumentJournal(Journal, TimeProvider.System, NullLogger<DocumentJournal>.Instance);
        Store = new JournalDocumentStore<Note>(_open, new DocumentKind<Note>(Kind));
        Chores = new JournalDocumentStore<Chore>(_open, new DocumentKind<Chore>(OtherKind));
    }
}
