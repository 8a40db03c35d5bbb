using Deepfake.Infrastructure.Documents;
using Deepfake.Infrastructure.Tests.Persistence;

namespace Deepfake.Infrastructure.Tests.Documents;

public sealed class SqliteDocumentStoreTests : DocumentStoreContract
{
    private readonly DatabaseFolder _folder = new();

    public override Task InitializeAsync() => RestartAsync();

    public override Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
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

    [Fact]
    public void What_is_due_is_found_by_index() =>
        Assert.Contains(
            "ix_documents_due",
            _folder.Plan("SELECT value FROM documents WHERE kind = 'note' AND due IS NOT NULL AND due <= 1 ORDER BY due, tenant, id LIMIT 5"),
            StringComparison.Ordinal);

    protected override Task RestartAsync()
    {
        var database = _folder.Open();
        Store = new DocumentStore<Note>(database, new DocumentKind<Note>(Kind));
        Chores = new DocumentStore<Chore>(database, new DocumentKind<Chore>(OtherKind));
        return Task.CompletedTask;
    }
}
