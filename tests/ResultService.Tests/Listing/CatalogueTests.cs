using System.Globalization;
using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Sweeping;
using Deepfake.ResultService.Tests.Hosting;

namespace Deepfake.ResultService.Tests.Listing;

public sealed class CatalogueTests
{
    [Fact]
    public async Task Running_and_ended_analyses_are_one_list_newest_first()
    {
        await using var host = await ResultHost.StartAsync();
        var ids = new List<string>();
        for (var i = 0; i < 9; i++)
        {
            var submission = await Submission.CreateAsync(host);
            if (i % 3 == 0) await host.Merger.ReportAsync(submission.Progressed(Stage.Frames, 0.5), CancellationToken.None);
            if (i % 3 == 1)
            {
                await submission.PublishAllAsync(host);
                await host.WaitForEndAsync(submission.Id);
            }

            ids.Insert(0, submission.Id);
            host.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        foreach (var limit in new[] { 1, 2, 4, 9, 50 }) Assert.Equal(ids, await IdsAsync(host, limit, ""));
        Assert.Equal(ids.Where((_, i) => i % 3 == 2), await IdsAsync(host, 2, "status=running"));
        Assert.Equal(ids.Where((_, i) => i % 3 == 0), await IdsAsync(host, 2, "status=accepted"));
        Assert.Equal(ids.Where((_, i) => i % 3 == 1), await IdsAsync(host, 2, "status=completed"));
        Assert.Equal(ids.Where((_, i) => i % 3 == 1), await IdsAsync(host, 2, "min_score=50"));
        Assert.Equal(ids, await IdsAsync(host, 4, "q=CLIP"));
        Assert.Equal(6, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/statistics")).GetProperty("unfinished").GetInt64());
    }

    [Fact]
    public async Task What_is_over_but_not_in_the_history_yet_is_listed_with_its_result_once()
    {
        await using var host = await ResultHost.StartAsync(("Results:SweepInterval", "01:00:00"));
        var submission = await Submission.CreateAsync(host);
        host.Cuts.Plan("SaveAsync", afterwards: false);
        foreach (var delivery in submission.Deliveries(host)) await delivery();
        Assert.Null(await host.History.FindAsync("default", submission.Id, CancellationToken.None));
        Assert.Equal([submission.Id], await IdsAsync(host, 10, "verdict=manipulated"));

        host.Cuts.Plan("MarkAnnouncedAsync", afterwards: false);
        host.Clock.Advance(TimeSpan.FromMinutes(1));
        await host.SweepAsync<AnnouncementSweeper>();
        Assert.NotNull(await host.History.FindAsync("default", submission.Id, CancellationToken.None));
        Assert.Single(await host.Analyses.ListOpenAsync("default", null, 10, CancellationToken.None)); // now in both stores
        Assert.Equal([submission.Id], await IdsAsync(host, 10, ""));
        Assert.Equal([submission.Id], await IdsAsync(host, 1, "verdict=manipulated"));
    }

    [Fact]
    public async Task Paging_misses_and_repeats_nothing_while_analyses_end()
    {
        await using var host = await ResultHost.StartAsync();
        var submissions = new List<Submission>();
        for (var i = 0; i < 30; i++) submissions.Add(await Submission.CreateAsync(host));
        var ending = Task.Run(async () =>
        {
            foreach (var submission in submissions)
                foreach (var delivery in submission.Deliveries(host)) await delivery();
        });

        var rounds = 0;
        do
        {
            var ids = await IdsAsync(host, 3, "");
            Assert.Equal(submissions.Select(submission => submission.Id).Reverse(), ids);
            rounds++;
        }
        while (!ending.IsCompleted || rounds < 2);

        await ending;
    }

    [Fact]
    public async Task A_tenant_lists_nothing_of_another()
    {
        await using var host = await ResultHost.StartAsync();
        await Submission.CreateAsync(host, change: record => record with { Tenant = "other" });
        Assert.Empty(await IdsAsync(host, 10, ""));
        Assert.Equal(0, (await host.Client.GetFromJsonAsync<JsonElement>("/v1/statistics")).GetProperty("unfinished").GetInt64());
    }

    [Fact]
    public async Task The_list_is_exported_whole_as_csv()
    {
        await using var host = await ResultHost.StartAsync();
        for (var i = 0; i < 205; i++)
        {
            var number = i;
            await Submission.CreateAsync(host, extracted: false, change: record => record with { FileName = "=cmd(),\"x\"", Reference = number.ToString(CultureInfo.InvariantCulture) });
        }

        using var response = await host.Client.GetAsync("/v1/analyses.csv");
        Assert.Equal("text/csv", response.Content.Headers.ContentType?.MediaType);
        Assert.Equal("attachment; filename=\"analyses.csv\"", response.Content.Headers.ContentDisposition?.ToString());
        var lines = (await response.Content.ReadAsStringAsync()).Split("\r\n");
        Assert.StartsWith("id,created_at,", lines[0], StringComparison.Ordinal);
        Assert.Equal((207, ""), (lines.Length, lines[^1]));
        Assert.All(lines[1..^1], line => Assert.Contains(",accepted,,\"'=cmd(),\"\"x\"\"\",", line));
        Assert.Single((await host.Client.GetStringAsync("/v1/analyses.csv?reference=7")).Split("\r\n")[1..^1]);
        using var wrong = await host.Client.GetAsync("/v1/analyses.csv?verdict=maybe");
        await ResultHost.AssertProblemAsync(wrong, HttpStatusCode.BadRequest, ErrorCodes.InvalidRequest);
    }

    private static async Task<List<string>> IdsAsync(ResultHost host, int limit, string filter)
    {
        var seen = new List<string>();
        string? cursor = "";
        while (cursor is not null)
        {
            var page = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses?limit={limit}&{filter}&cursor={Uri.EscapeDataString(cursor)}");
            seen.AddRange(page.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()!));
            cursor = page.GetProperty("next_cursor").GetString();
        }

        return seen;
    }
}
