using System.Text;
using System.Text.Json.Nodes;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Journals;
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

    [Fact]
    public async Task A_line_of_the_first_release_is_read_with_all_that_came_later()
    {
        var old = Analyses.Samples.Result("an_1", Start) with { FileName = "Clip.mp4" };
        await Store.SaveAsync("acme", old, None);
        _open!.Dispose();
        var line = await File.ReadAllTextAsync(Journal);
        var entry = JsonNode.Parse(line[9..])!;
        entry.AsObject().Remove("facts");
        entry["summary"]!.AsObject().Remove("machine_verdict");
        using (var file = new JournalFile(Journal + ".old", TimeProvider.System, NullLogger.Instance))
        {
            file.Start();
            await file.Append(Encoding.UTF8.GetBytes(entry.ToJsonString())).Durable;
        }

        File.Move(Journal + ".old", Journal, overwrite: true);

        var store = await OpenAsync();

        Assert.Equal(Verdict.Manipulated, Assert.Single((await store.ListAsync("acme", new HistoryQuery { Text = "clip" }, None)).Items).MachineVerdict);
        Assert.Equal("net", Assert.Single((await store.GetStatisticsAsync("acme", HistoryWindow.Ever, None)).Models).Name);
    }

    protected override Task<IHistoryStore> OpenAsync() =>
        Task.FromResult<IHistoryStore>(_open = new JournalHistoryStore(Journal, TimeProvider.System, NullLogger<JournalHistoryStore>.Instance));

    protected override Task<IHistoryStore> ReopenAsync()
    {
        _open!.Dispose();
        return OpenAsync();
    }
}
