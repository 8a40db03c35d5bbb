using Deepfake.Contracts;
using Deepfake.IngestService.Idempotency;

namespace Deepfake.IngestService.Tests.Batches;

[Collection(RealServers.Collection)]
public sealed class BatchesOverServersTests(RealServers servers)
{
    [Fact]
    public async Task Two_services_on_the_same_stores_take_a_batch_once_and_list_it()
    {
        var settings = await servers.SettingsAsync();
        (string Key, string Value)[] impatient = [.. settings, ("Ingest:BatchInterval", "00:00:00.050")];
        await using var one = await IngestHost.StartAsync(null, impatient);
        await using var other = await IngestHost.StartAsync(null, impatient);
        var jpeg = SampleMedia.Make("jpg:-frames:v 1");

        var answers = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => (i % 2 == 0 ? one : other).Client.SendAsync(new HttpRequestMessage(HttpMethod.Post, "/v1/batches")
        {
            Content = BatchTestBase.Form(("file", "a.jpg", jpeg), ("file", "b", "text"u8.ToArray()), ("file", "c.jpg", jpeg)),
            Headers = { { IdempotencyKey.Header, "k" } },
        })));

        var batches = new List<Batch>();
        foreach (var answer in answers) batches.Add(await BatchTestBase.IsAcceptedAsync(answer));
        var id = Assert.Single(batches.Select(batch => batch.Id).Distinct());
        Batch batch = null!;
        await Eventually.TrueAsync(async () => (batch = BatchTestBase.Read<Batch>(await other.Client.GetStringAsync($"/v1/batches/{id}"))).Summary.ByStatus.GetValueOrDefault("accepted") == 2, "both files are accepted");
        Assert.Equal(ErrorCodes.UnsupportedMedia, batch.Items![1].Error!.Code);
        Assert.Equal(2, await one.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Equal(2, await one.Objects.ListAsync("", CancellationToken.None).CountAsync());
        Assert.Equal(id, Assert.Single(BatchTestBase.Read<BatchPage>(await one.Client.GetStringAsync("/v1/batches")).Items).Id);

        using var cancelled = await other.Client.PostAsync($"/v1/batches/{id}/cancel", null);
        Assert.Equal(BatchStatus.Cancelled, BatchTestBase.Read<Batch>(await cancelled.Content.ReadAsStringAsync()).Status);
        Assert.Equal(0, await one.Analyses.CountUnfinishedAsync(CancellationToken.None));
    }
}
