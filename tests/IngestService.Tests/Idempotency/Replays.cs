using System.Net;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Idempotency;

namespace Deepfake.IngestService.Tests.Idempotency;

internal static class Replays
{
    /// <summary>Sends the same request many times at once: one analysis comes of it, and everybody hears of that one.</summary>
    public static async Task AssertOneAsync(IngestHost host, byte[] body, int count, string key = "replays")
    {
        var ids = await Task.WhenAll(Enumerable.Range(0, count).Select(_ => SubmitAsync(host, body, key)));

        var id = Assert.Single(ids.Distinct());
        await host.Inbox.WaitForAsync(id);
        Assert.Single(host.Inbox.Received);
        Assert.Equal(1, await host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        var objects = new List<string>();
        await foreach (var item in host.Objects.ListAsync("", CancellationToken.None)) objects.Add(item);
        Assert.Equal(new[] { $"default/{id}/media" }, objects);
    }

    /// <summary>As a client does it: comes back when asked to.</summary>
    private static async Task<string> SubmitAsync(IngestHost host, byte[] body, string key)
    {
        while (true)
        {
            using var response = await host.PostRawAsync(body, "", "application/octet-stream", (IdempotencyKey.Header, key));
            if (response.StatusCode != HttpStatusCode.Conflict) return (await Answers.IsAcceptedAsync(response)).Id;
            var problem = JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
            Assert.Equal(ErrorCodes.IdempotencyInProgress, problem.GetProperty("code").GetString());
            await Task.Delay(response.Headers.RetryAfter!.Delta!.Value);
        }
    }
}
