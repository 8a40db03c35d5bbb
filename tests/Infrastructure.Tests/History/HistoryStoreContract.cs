using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Tests.Analyses;

namespace Deepfake.Infrastructure.Tests.History;

/// <summary>What every history store promises; run against each adapter.</summary>
public abstract partial class HistoryStoreContract : IAsyncLifetime
{
    private protected static readonly CancellationToken None = CancellationToken.None;
    private protected static readonly DateTimeOffset Start = new(2026, 1, 2, 3, 4, 5, 678, TimeSpan.Zero);

    private protected IHistoryStore Store { get; private set; } = null!;

    public async Task InitializeAsync() => Store = await OpenAsync();

    public abstract Task DisposeAsync();

    protected abstract Task<IHistoryStore> OpenAsync();

    protected abstract Task<IHistoryStore> ReopenAsync();

    [Fact]
    public async Task A_result_reads_back_whole_for_its_tenant_only()
    {
        var result = await SaveAsync("an_1");

        Assert.Equal(Text(result), Text(await Store.FindAsync("acme", "an_1", None)));
        Assert.Null(await Store.FindAsync("other", "an_1", None));
        Assert.Null(await Store.FindAsync("acme", "an_2", None));
        Assert.Empty((await Store.ListAsync("other", new HistoryQuery(), None)).Items);
    }

    [Fact]
    public async Task Saving_again_replaces()
    {
        await SaveAsync("an_1", Start, AnalysisStatus.Failed);
        var second = await SaveAsync("an_1", Start.AddHours(1)) with { Verdict = Verdict.Authentic };
        await Store.SaveAsync("acme", second, None);

        Assert.Equal(Text(second), Text(await Store.FindAsync("acme", "an_1", None)));
        var line = Assert.Single((await Store.ListAsync("acme", new HistoryQuery(), None)).Items);
        Assert.Equal((AnalysisStatus.Completed, Verdict.Authentic, Start.AddHours(1)), (line.Status, line.Verdict, line.CreatedAt));
        Assert.Equal(1, (await Store.GetStatisticsAsync("acme", HistoryWindow.Ever, None)).Total);
    }

    [Fact]
    public async Task Two_tenants_may_hold_the_same_id()
    {
        await Store.SaveAsync("acme", Samples.Result("an_1", Start, note: "acme"), None);
        await Store.SaveAsync("other", Samples.Result("an_1", Start, note: "other"), None);

        Assert.Equal(["acme"], (await Store.FindAsync("acme", "an_1", None))!.Warnings);
        Assert.True(await Store.DeleteAsync("other", "an_1", None));
        Assert.NotNull(await Store.FindAsync("acme", "an_1", None));
    }

    [Fact]
    public async Task A_line_says_what_the_result_says()
    {
        var result = await SaveAsync("an_1", Start, AnalysisStatus.Failed);

        Assert.Equal(
            new AnalysisSummary
            {
                Id = "an_1",
                Status = AnalysisStatus.Failed,
                FileName = result.FileName,
                Kind = MediaKind.Video,
                Sha256 = result.Media.Sha256,
                Verdict = null,
                DeepfakeScore = result.DeepfakeScore,
                ErrorCode = ErrorCodes.StageFailed,
                CreatedAt = Start,
                CompletedAt = Start.AddSeconds(3),
            },
            Assert.Single((await Store.ListAsync("acme", new HistoryQuery(), None)).Items));
    }

    [Fact]
    public async Task Pages_come_newest_first_and_ids_order_the_same_instant()
    {
        foreach (var i in Enumerable.Range(0, 25).OrderBy(i => i * 7 % 25)) await SaveAsync($"an_{i:D2}", Start.AddMinutes(i / 5));

        var seen = new List<string>();
        var query = new HistoryQuery { Limit = 4 };
        var pages = 0;
        for (AnalysisPage page; ; query = query with { Cursor = page.NextCursor })
        {
            page = await Store.ListAsync("acme", query, None);
            seen.AddRange(page.Items.Select(item => item.Id));
            pages++;
            if (page.NextCursor is null) break;
        }

        Assert.Equal(Enumerable.Range(0, 25).Reverse().Select(i => $"an_{i:D2}"), seen);
        Assert.Equal(7, pages);
    }

    [Fact]
    public async Task A_page_that_takes_the_last_results_has_no_cursor()
    {
        for (var i = 0; i < 4; i++) await SaveAsync($"an_{i}");

        Assert.Null((await Store.ListAsync("acme", new HistoryQuery { Limit = 4 }, None)).NextCursor);
        Assert.NotNull((await Store.ListAsync("acme", new HistoryQuery { Limit = 3 }, None)).NextCursor);
        Assert.Equal(new AnalysisPage([], null).Items, (await Store.ListAsync("nobody", new HistoryQuery(), None)).Items);
    }

    [Fact]
    public async Task Paging_is_stable_while_results_come_and_go()
    {
        for (var i = 0; i < 30; i++) await SaveAsync($"an_{i:D2}", Start.AddSeconds(i));

        var first = await Store.ListAsync("acme", new HistoryQuery { Limit = 10 }, None);
        for (var i = 30; i < 40; i++) await SaveAsync($"an_{i:D2}", Start.AddSeconds(i));
        await Store.DeleteAsync("acme", first.Items[^1].Id, None); // the one the cursor names
        await SaveAsync("an_05", Start.AddSeconds(5)); // saved again in its place
        var second = await Store.ListAsync("acme", new HistoryQuery { Limit = 10, Cursor = first.NextCursor }, None);
        var third = await Store.ListAsync("acme", new HistoryQuery { Limit = 20, Cursor = second.NextCursor }, None);

        var seen = first.Items.Concat(second.Items).Concat(third.Items).Select(item => item.Id);
        Assert.Equal(Enumerable.Range(0, 30).Reverse().Select(i => $"an_{i:D2}"), seen);
    }

    [Fact]
    public async Task Verdict_and_status_filter_a_list()
    {
        for (var i = 0; i < 9; i++)
        {
            var result = Samples.Result($"an_{i}", Start.AddSeconds(i), i % 3 == 2 ? AnalysisStatus.Failed : AnalysisStatus.Completed);
            await Store.SaveAsync("acme", i % 3 == 1 ? result with { Verdict = Verdict.Inconclusive } : result, None);
        }

        Assert.Equal(["an_7", "an_4"], await IdsAsync(new HistoryQuery { Verdict = Verdict.Inconclusive, Limit = 2 }));
        Assert.Equal(["an_8", "an_5", "an_2"], await IdsAsync(new HistoryQuery { Status = AnalysisStatus.Failed }));
        Assert.Empty(await IdsAsync(new HistoryQuery { Status = AnalysisStatus.Failed, Verdict = Verdict.Inconclusive }));
        var page = await Store.ListAsync("acme", new HistoryQuery { Verdict = Verdict.Inconclusive, Limit = 2 }, None);
        Assert.Equal(["an_1"], await IdsAsync(new HistoryQuery { Verdict = Verdict.Inconclusive, Limit = 2, Cursor = page.NextCursor }));
    }

    [Theory]
    [InlineData("x")]
    [InlineData("")]
    [InlineData("!!!")]
    [InlineData("OTk5OTk5OTk5OTk5OTk5OTk5OTl8YQ")]
    [InlineData("LTF8YQ")]
    public async Task A_cursor_that_is_not_ours_is_refused(string cursor) =>
        await Assert.ThrowsAsync<InvalidCursorException>(() => Store.ListAsync("acme", new HistoryQuery { Cursor = cursor }, None));

    [Theory]
    [InlineData(0)]
    [InlineData(-1)]
    [InlineData(201)]
    public async Task A_page_size_outside_its_range_is_refused(int limit) =>
        await Assert.ThrowsAsync<ArgumentOutOfRangeException>(() => Store.ListAsync("acme", new HistoryQuery { Limit = limit }, None));

    [Fact]
    public async Task Statistics_count_and_measure_what_is_there()
    {
        Assert.Equal(0, (await Store.GetStatisticsAsync("acme", HistoryWindow.Ever, None)).Total);
        Assert.Null((await Store.GetStatisticsAsync("acme", HistoryWindow.Ever, None)).Latency);
        for (var i = 1; i <= 5; i++)
            await Store.SaveAsync("acme", Samples.Result($"an_{i}", Start) with { CompletedAt = Start.AddSeconds(i * i) }, None);
        await Store.SaveAsync("acme", Samples.Result("an_6", Start) with { Verdict = Verdict.Authentic, CompletedAt = Start.AddSeconds(2) }, None);
        await SaveAsync("an_7", Start, AnalysisStatus.Failed);
        await Store.SaveAsync("other", Samples.Result("an_8", Start), None);

        var statistics = await Store.GetStatisticsAsync("acme", HistoryWindow.Ever, None);

        Assert.Equal(7, statistics.Total);
        Assert.Equal(new Dictionary<string, long> { ["completed"] = 6, ["failed"] = 1 }, statistics.ByStatus);
        Assert.Equal(new Dictionary<string, long> { ["manipulated"] = 5, ["authentic"] = 1 }, statistics.ByVerdict);
        // Of 1, 2, 4, 9, 16, 25: between 4 and 9; and a quarter of the way from 25 back to 16.
        Assert.Equal(6.5, statistics.Latency!.P50, 9);
        Assert.Equal(22.75, statistics.Latency.P95, 9);
    }

    [Fact]
    public async Task Deletion_is_for_the_owner_and_for_good()
    {
        await SaveAsync("an_1");

        Assert.False(await Store.DeleteAsync("other", "an_1", None));
        Assert.True(await Store.DeleteAsync("acme", "an_1", None));
        Assert.False(await Store.DeleteAsync("acme", "an_1", None));

        Assert.Null(await Store.FindAsync("acme", "an_1", None));
        Assert.Null(await (await ReopenAsync()).FindAsync("acme", "an_1", None));
    }

    [Fact]
    public async Task Everything_survives_a_restart()
    {
        var one = await SaveAsync("an_1");
        await SaveAsync("an_2", Start.AddSeconds(1));
        await SaveAsync("an_2", Start.AddSeconds(2));

        var other = await ReopenAsync();

        Assert.Equal(["an_2", "an_1"], (await other.ListAsync("acme", new HistoryQuery(), None)).Items.Select(item => item.Id));
        Assert.Equal(Text(one), Text(await other.FindAsync("acme", "an_1", None)));
    }

    [Fact]
    public async Task Parallel_writers_and_readers_do_not_disturb_each_other()
    {
        await Task.WhenAll(Enumerable.Range(0, 200).Select(i => Task.Run(async () =>
        {
            await SaveAsync($"an_{i:D3}", Start.AddSeconds(i % 10));
            Assert.NotNull(await Store.FindAsync("acme", $"an_{i:D3}", None));
            await Store.ListAsync("acme", new HistoryQuery { Limit = 10 }, None);
        })));

        Assert.Equal(200, (await Store.ListAsync("acme", new HistoryQuery { Limit = 200 }, None)).Items.Count);
    }

    private protected async Task<Analysis> SaveAsync(string id, DateTimeOffset? createdAt = null, AnalysisStatus status = AnalysisStatus.Completed)
    {
        var result = Samples.Result(id, createdAt ?? Start, status);
        await Store.SaveAsync("acme", result, None);
        return result;
    }

    private static string Text(Analysis? result) => JsonSerializer.Serialize(result, DeepfakeJson.Options);

    private async Task<IEnumerable<string>> IdsAsync(HistoryQuery query) => (await Store.ListAsync("acme", query, None)).Items.Select(item => item.Id);
}
