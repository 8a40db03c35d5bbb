using System.Security.Cryptography;
using Deepfake.Contracts;
using Deepfake.TestServers;

namespace Deepfake.Integration;

public sealed class ResumableUploadTests
{
    [Fact]
    public async Task An_upload_goes_on_after_SIGKILL_of_the_service()
    {
        using var patience = new CancellationTokenSource(TimeSpan.FromMinutes(3));
        using var media = new TestMedia();
        using var data = new TemporaryFolder();
        var file = await media.FilmAsync(seconds: 10);
        var length = new FileInfo(file).Length;
        await using var host = await Host.StartAsync("Standalone", new Dictionary<string, string> { ["DATA_PATH"] = data.Path });
        using var client = new ApiClient(host.Address);

        using var upload = TusClient.Start(new Uri(host.Address, "/v1/uploads"), file, new { chunkSize = length / 100, holdAt = length / 2, metadata = new { analyze = "true" } });
        await upload.WaitForAsync("accepted", seen => seen.GetProperty("bytes").GetInt64() >= length / 10);
        await host.KillAsync(); // in mid-request, or at the latest where the upload is held: it is never over before
        upload.Release();
        await upload.WaitForAsync("retry");
        await host.StartAsync();
        var done = await upload.WaitForAsync("done");

        Assert.DoesNotContain(upload.Seen.SkipWhile(seen => seen.GetProperty("event").GetString() != "retry"), seen =>
            seen.GetProperty("event").GetString() == "accepted" && seen.GetProperty("bytes").GetInt64() < length / 10);
        var analysis = await client.WaitAsync(done.GetProperty("analysis").GetString()!["/v1/analyses/".Length..], analysis => analysis.CompletedAt is not null, patience.Token);
        Assert.Equal((AnalysisStatus.Completed, Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(file, patience.Token)))), (analysis.Status, analysis.Media.Sha256));
    }
}
