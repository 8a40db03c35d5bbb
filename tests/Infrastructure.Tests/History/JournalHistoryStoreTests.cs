using Deepfake.Infrastructure.History;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Infrastructure.Tests.History;

public sealed class JournalHistoryStoreTests : HistoryStoreContract
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("history-");
    private JournalHistoryStore? _open;

    private string Journal => Path.Combine(_folder.FullName, "history.journal");

    public override Task DisposeAsync()
    {
        _open?.Dispose();
        _folder.Delete(recursive: true);
        return Task.CompletedTask;
    }

    [Fact]
    public async Task Start_drops_replaced_and_deleted_results()
    {
        for (var i = 0; i < 50; i++) await SaveAsync("an_1");
        await SaveAsync("an_2");
        await Store.DeleteAsync("acme", "an_2", None);
        var before = new FileInfo(Journal).Length;

        var store = await ReopenAsync();

        Assert.InRange(new FileInfo(Journal).Length, before / 60, before / 40);
        Assert.NotNull(await store.FindAsync("acme", "an_1", None));
    }

    protected override Task<IHistoryStore> OpenAsync() =>
        Task.FromResult<IHistoryStore>(_open = new JournalHistoryStore(Journal, NullLogger<JournalHistoryStore>.Instance));

    protected override Task<IHistoryStore> ReopenAsync()
    {
        _open!.Dispose();
        return OpenAsync();
    }
}
