using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ResultService.Removal;
using Deepfake.TestServers;

namespace Deepfake.ResultService.Tests.Hosting;

/// <summary>The life of an analysis after its end, on the stores of production.</summary>
public sealed class OverServersTests
{
    [Fact]
    public async Task Listed_reviewed_analysed_again_compared_counted_exported_and_removed()
    {
        await using var servers = new ServerSet();
        await using var host = await ResultHost.StartAsync(
            ("ConnectionStrings:blobs", await servers.NewS3BucketAsync()),
            ("ConnectionStrings:cache", await servers.NewRedisDatabaseAsync()),
            ("ConnectionStrings:history", await servers.NewPostgresDatabaseAsync()));
        var first = await Submission.EndedAsync(host, record => record with { Reference = "case-1" });
        var waiting = await Submission.CreateAsync(host);

        using var started = await host.Client.PostAsync($"/v1/analyses/{first.Id}/reprocess", null);
        Assert.Equal($"/v1/analyses/{first.Id}_v2", started.Headers.Location?.ToString());
        var polled = host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses/{first.Id}_v2?wait=30");
        await new Submission { Id = first.Id + "_v2" }.CompleteAsync(host, score: 0.05f);
        Assert.Equal("completed", (await polled).GetProperty("status").GetString());
        Assert.Equal("authentic", (await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses/{first.Id}/versions/2/changes")).GetProperty("to_verdict").GetString());

        (await host.Client.PutAsJsonAsync($"/v1/analyses/{first.Id}/review", new { verdict = "suspicious", note = "Größe" })).EnsureSuccessStatusCode();
        Assert.Equal((Verdict.Suspicious, Verdict.Authentic), ((await host.GetAsync(first.Id + "_v2")).Verdict, (await host.GetAsync(first.Id + "_v2")).MachineVerdict));
        var list = await host.Client.GetFromJsonAsync<JsonElement>("/v1/analyses?limit=2");
        Assert.Equal([first.Id + "_v2", waiting.Id], list.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()));
        var rest = await host.Client.GetFromJsonAsync<JsonElement>($"/v1/analyses?verdict=suspicious&limit=2&cursor={Uri.EscapeDataString(list.GetProperty("next_cursor").GetString()!)}");
        Assert.Equal([first.Id], rest.GetProperty("items").EnumerateArray().Select(item => item.GetProperty("id").GetString()));
        var statistics = await host.Client.GetFromJsonAsync<JsonElement>("/v1/statistics");
        Assert.Equal((2, 1, 2), (statistics.GetProperty("total").GetInt32(), statistics.GetProperty("unfinished").GetInt32(), statistics.GetProperty("reviews").GetProperty("reviewed").GetInt32()));
        Assert.Single((await host.Client.GetStringAsync("/v1/ground-truth")).Split('\n')[..^1]);
        Assert.Equal(5, (await host.Client.GetStringAsync("/v1/analyses.csv")).Split("\r\n").Length);

        using var removed = await host.Client.DeleteAsync($"/v1/analyses/{first.Id}");
        var receipt = (await removed.Content.ReadFromJsonAsync<DeletionReceipt>(DeepfakeJson.Options))!;
        Assert.Equal((7L, 6), (receipt.ObjectCount, receipt.Records.Count));
        Assert.Equal(receipt.Seal().Hash, receipt.Hash);
        Assert.Equal(await removed.Content.ReadAsStringAsync(), await host.Client.GetStringAsync($"/v1/deletions/{receipt.Id}"));
        Assert.Empty(await host.KeysAsync(first.Id));
        Assert.Empty(await host.KeysAsync(first.Id + "_v2"));
    }
}
