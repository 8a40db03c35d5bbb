using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Tests.Persistence;

namespace Deepfake.Infrastructure.Tests.History;

public sealed class SqliteHistoryStoreTests : HistoryStoreContract
{
    private readonly DatabaseFolder _folder = new();

    public override Task DisposeAsync()
    {
        _folder.Dispose();
        return Task.CompletedTask;
    }

    [Fact]
    public void A_list_reads_by_index()
    {
        var plan = _folder.Plan("SELECT summary FROM analyses WHERE tenant = 'acme' AND (created_at < 1 OR (created_at = 1 AND id < 'x')) ORDER BY created_at DESC, id DESC LIMIT 5");

        Assert.Contains("ix_analyses_newest", plan, StringComparison.Ordinal);
        Assert.DoesNotContain("TEMP B-TREE", plan, StringComparison.Ordinal);
    }

    protected override Task<IHistoryStore> OpenAsync() => Task.FromResult<IHistoryStore>(new HistoryStore(_folder.Open()));

    protected override Task<IHistoryStore> ReopenAsync() => OpenAsync();
}
