using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.History;
using Deepfake.Infrastructure.Tests.Analyses;

namespace Deepfake.Infrastructure.Tests.History;

public abstract partial class HistoryStoreContract
{
    private static Review Authentic => new() { Verdict = Verdict.Authentic, Note = "the \"original\"", ReviewedBy = "key_1", ReviewedAt = Start.AddDays(1) };

    [Fact]
    public async Task Every_filter_holds_alone_and_with_the_others()
    {
        await PutAsync("an_1", result => result with { Reference = "case-1", FileName = "Größe 100%_A.MP4", DeepfakeScore = 10 });
        await PutAsync("an_2", result => result with { Reference = "case-2", DeepfakeScore = 50.5, Media = result.Media with { Kind = MediaKind.Image, Sha256 = new string('b', 64) } }, 1);
        await PutAsync("an_3", result => result with { Reference = "case-1", DeepfakeScore = null, Verdict = Verdict.Inconclusive }, 2);

        Assert.Equal(["an_3", "an_1"], await IdsAsync(new HistoryQuery { Reference = "case-1" }));
        Assert.Empty(await IdsAsync(new HistoryQuery { Reference = "CASE-1" }));
        Assert.Equal(["an_2"], await IdsAsync(new HistoryQuery { Kind = MediaKind.Image }));
        Assert.Equal(["an_2"], await IdsAsync(new HistoryQuery { Sha256 = new string('b', 64) }));
        Assert.Equal(["an_2"], await IdsAsync(new HistoryQuery { MinScore = 50.5 }));
        Assert.Equal(["an_1"], await IdsAsync(new HistoryQuery { MaxScore = 50.4 }));
        Assert.Equal(["an_2", "an_1"], await IdsAsync(new HistoryQuery { MinScore = 0, MaxScore = 100 }));
        Assert.Equal(["an_2"], await IdsAsync(new HistoryQuery { Window = new HistoryWindow(Start.AddSeconds(1), Start.AddSeconds(2)) }));
        Assert.Equal(["an_3", "an_2"], await IdsAsync(new HistoryQuery { Window = new HistoryWindow(Start.AddSeconds(1), null) }));
        Assert.Equal(["an_1"], await IdsAsync(new HistoryQuery { Text = "GRÖßE" }));
        Assert.Equal(["an_1"], await IdsAsync(new HistoryQuery { Text = "0%_a" }));
        Assert.Empty(await IdsAsync(new HistoryQuery { Text = "0__a" })); // no wildcards
        Assert.Equal(["an_2"], await IdsAsync(new HistoryQuery { Text = "CASE-2" }));
        Assert.Equal(["an_1"], await IdsAsync(new HistoryQuery { Text = "case", Reference = "case-1", MaxScore = 20, Kind = MediaKind.Video, Status = AnalysisStatus.Completed }));
        var first = await Store.ListAsync("acme", new HistoryQuery { Reference = "case-1", Limit = 1 }, None);
        Assert.Equal(["an_1"], await IdsAsync(new HistoryQuery { Reference = "case-1", Limit = 1, Cursor = first.NextCursor }));
    }

    [Fact]
    public async Task A_review_is_shown_above_the_machine_and_outlives_saving_again_and_a_restart()
    {
        await PutAsync("an_1", result => result with { MachineVerdict = Verdict.Manipulated });
        Assert.False(await Store.SetReviewAsync("other", "an_1", Authentic, None));
        Assert.False(await Store.SetReviewAsync("acme", "an_2", Authentic, None));
        await SaveAsync("an_3", Start.AddDays(-1), AnalysisStatus.Failed);
        Assert.False(await Store.SetReviewAsync("acme", "an_3", Authentic, None));
        Assert.True(await Store.SetReviewAsync("acme", "an_1", Authentic with { Verdict = Verdict.Suspicious }, None));
        Assert.True(await Store.SetReviewAsync("acme", "an_1", Authentic, None));
        await AssertReviewedAsync();

        await PutAsync("an_1", result => result with { MachineVerdict = Verdict.Manipulated });
        await AssertReviewedAsync();
        Store = await ReopenAsync();
        await AssertReviewedAsync();

        await Store.DeleteAsync("acme", "an_1", None);
        await SaveAsync("an_1");
        Assert.Null((await Store.FindAsync("acme", "an_1", None))!.Review);

        async Task AssertReviewedAsync()
        {
            var result = (await Store.FindAsync("acme", "an_1", None))!;
            Assert.Equal(Authentic, result.Review);
            Assert.Equal((Verdict.Authentic, Verdict.Manipulated, false, 91.23), (result.Verdict, result.MachineVerdict, result.IsDeepfake, result.DeepfakeScore));
            var line = Assert.Single((await Store.ListAsync("acme", new HistoryQuery { Verdict = Verdict.Authentic }, None)).Items);
            Assert.Equal((Verdict.Authentic, Verdict.Manipulated, true), (line.Verdict, line.MachineVerdict, line.Reviewed));
            Assert.Empty(await IdsAsync(new HistoryQuery { Verdict = Verdict.Manipulated }));
        }
    }

    [Fact]
    public async Task What_expires_by_itself_or_by_the_rule_of_its_owner_is_found()
    {
        await PutAsync("an_own", result => result with { ExpiresAt = Start.AddDays(2) });
        await PutAsync("an_rule", result => result with { CompletedAt = Start.AddDays(1) });
        await Store.SaveAsync("other", Samples.Result("an_other", Start), None);

        Assert.Empty(await Store.FindExpiredAsync("acme", Start.AddDays(1), null, 10, None));
        Assert.Equal(["an_own"], await Store.FindExpiredAsync("acme", Start.AddDays(2), null, 10, None));
        Assert.Empty(await Store.FindExpiredAsync("acme", Start.AddDays(1), Start.AddDays(1), 10, None));
        Assert.Equal(["an_rule"], await Store.FindExpiredAsync("acme", Start.AddDays(1), Start.AddDays(1).AddMilliseconds(1), 10, None));
        Assert.Equal(["an_own", "an_rule"], (await Store.FindExpiredAsync("acme", Start.AddDays(9), Start.AddDays(9), 10, None)).Order());
        Assert.Single(await Store.FindExpiredAsync("acme", Start.AddDays(9), Start.AddDays(9), 1, None));
        Assert.Equal(["acme", "other"], (await Store.ListTenantsAsync(None)).Order());
        await Store.DeleteAsync("other", "an_other", None);
        Assert.Equal(["acme"], await Store.ListTenantsAsync(None));
    }

    [Fact]
    public async Task Statistics_tell_days_models_abstentions_errors_and_reviews_of_a_window()
    {
        await PutAsync("an_before", result => result, -1);
        await PutAsync("an_1", result => result with { Models = [Model("a", 0.9), Model("b", 0.4), Model("c", null)], CompletedAt = Start.AddSeconds(2) });
        await PutAsync("an_2", result => result with { Models = [Model("a", 0.2), Model("b", 0.1)], DeepfakeScore = 15, Verdict = Verdict.Authentic, CompletedAt = Start.AddSeconds(61 + 4) }, 61);
        await PutAsync("an_3", result => result with { Models = [Model("a", 0.7)], DeepfakeScore = null, Verdict = Verdict.Inconclusive, Reasons = [ReasonCodes.NoFace, ReasonCodes.ForensicsMissing], CompletedAt = Start.AddSeconds(62 + 9) }, 62);
        await Store.SaveAsync("acme", Samples.Result("an_4", Start.AddDays(1), AnalysisStatus.Failed), None);
        await Store.SaveAsync("acme", Samples.Result("an_5", Start.AddDays(1), AnalysisStatus.Cancelled), None);
        await Store.SetReviewAsync("acme", "an_1", Authentic, None);
        await Store.SetReviewAsync("acme", "an_2", Authentic, None);
        await PutAsync("an_after", result => result, 200_000);

        var statistics = await Store.GetStatisticsAsync("acme", new HistoryWindow(Start, Start.AddSeconds(200_000)), None);

        Assert.Equal((5, 25_000_000_000), (statistics.Total, statistics.Bytes));
        Assert.Equal("""{"completed":3,"failed":1,"cancelled":1}""", Sorted(statistics.ByStatus, ["completed", "failed", "cancelled"]));
        Assert.Equal("""{"manipulated":1,"authentic":1,"inconclusive":1}""", Sorted(statistics.ByVerdict, ["manipulated", "authentic", "inconclusive"]));
        Assert.Equal("""{"stage_failed":1}""", Sorted(statistics.ByError, ["stage_failed"]));
        Assert.Equal((5.0, 4.0, 8.0), (statistics.Latency!.Mean, statistics.Latency.P50, Math.Round(statistics.Latency.P90, 9)));
        Assert.Equal([new DateOnly(2026, 1, 2), new DateOnly(2026, 1, 3)], statistics.Days.Select(day => day.Day));
        Assert.Equal([3L, 2L], statistics.Days.Select(day => day.Total));
        Assert.Equal(1, statistics.Days[0].ByVerdict["authentic"]);
        Assert.Equal(1, statistics.Days[1].ByStatus["failed"]);
        Assert.Equal(["a", "b", "c"], statistics.Models.Select(model => model.Name));
        Assert.Equal(("1", 3L, 0L), (statistics.Models[0].Version, statistics.Models[0].Scored, statistics.Models[0].Failed));
        Assert.Equal((0.6, 1.0), (Math.Round(statistics.Models[0].MeanScore!.Value, 9), statistics.Models[0].Agreement));
        Assert.Equal((0.25, 0.5), (Math.Round(statistics.Models[1].MeanScore!.Value, 9), statistics.Models[1].Agreement));
        Assert.Equal((0L, 1L, null, null), (statistics.Models[2].Scored, statistics.Models[2].Failed, statistics.Models[2].MeanScore, statistics.Models[2].Agreement));
        Assert.Equal((1L, 1d / 3), (statistics.Abstentions.Count, statistics.Abstentions.Rate));
        Assert.Equal("""{"no_face":1,"forensics_missing":1}""", Sorted(statistics.Abstentions.Reasons, ["no_face", "forensics_missing"]));
        Assert.Equal((2L, 1L, 0.5), (statistics.Reviews.Reviewed, statistics.Reviews.Agreed, statistics.Reviews.Agreement));
        Assert.Equal([new VerdictPair("authentic", "authentic", 1), new VerdictPair("manipulated", "authentic", 1)], statistics.Reviews.Pairs);

        var nothing = await Store.GetStatisticsAsync("nobody", HistoryWindow.Ever, None);
        Assert.Equal((0, null, null), (nothing.Total, nothing.Abstentions.Rate, nothing.Reviews.Agreement));
        Assert.Equal(7, (await Store.GetStatisticsAsync("acme", HistoryWindow.Ever, None)).Total);
    }

    private async Task PutAsync(string id, Func<Analysis, Analysis> change, int seconds = 0) =>
        await Store.SaveAsync("acme", change(Samples.Result(id, Start.AddSeconds(seconds))), None);

    private static ModelResult Model(string name, double? score) => new() { Name = name, Version = "1", Provider = "cpu", Score = score, Weight = 1 };

    private static string Sorted(IReadOnlyDictionary<string, long> counts, string[] order) =>
        JsonSerializer.Serialize(counts.OrderBy(count => Array.IndexOf(order, count.Key)).ToDictionary());
}
