using Deepfake.Infrastructure.Documents;
using Deepfake.IngestService.Uploads;

namespace Deepfake.IngestService.Tests.Uploads;

public sealed class ExpiredUploadsTests
{
    [Fact]
    public async Task More_uploads_than_a_batch_go_in_one_round()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:ExpiryInterval", "01:00:00"));
        var documents = host.Documents<Upload>();
        var past = DateTimeOffset.UtcNow.AddMinutes(-1);
        var uploads = Enumerable.Range(0, 250).Select(i => new Upload { Kind = UploadKind.Resumable, AnalysisId = $"an_{i:d26}", Length = 1, CreatedAt = past.AddDays(-1), ExpiresAt = past });
        await Task.WhenAll(uploads.Select(upload => documents.TryAddAsync(new Document<Upload>("default", Upload.IdOf(upload.AnalysisId), upload, past), CancellationToken.None)));

        var removed = await Assert.Single(host.Expiries.OfType<ExpiredUploads>()).RemoveAsync(CancellationToken.None);

        Assert.Equal(250, removed);
        Assert.Empty(await documents.ListAsync("default", null, 1, CancellationToken.None));
    }
}
