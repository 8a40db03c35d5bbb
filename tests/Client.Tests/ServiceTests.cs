using System.Net;
using System.Security.Cryptography;
using System.Text;
using Deepfake.Contracts;

namespace Deepfake.Client.Tests;

[Collection(StandaloneTests.Name)]
public sealed class ServiceTests(StandaloneFixture standalone)
{
    [Fact]
    public async Task A_file_is_submitted_followed_read_listed_reported_and_removed()
    {
        using var client = standalone.Client();
        var progress = new List<TransferProgress>();
        var submitted = await client.SubmitFileAsync(
            standalone.Picture, new SubmitOptions { Reference = "post/42", Metadata = new Dictionary<string, string> { ["case"] = "7" }, FileName = "Gesicht ü.jpg" }, new Recorder(progress));
        Assert.Equal(("Gesicht ü.jpg", "post/42"), (submitted.FileName, submitted.Reference));
        Assert.Equal(new FileInfo(standalone.Picture).Length, progress[^1].Sent);

        var updates = new List<AnalysisUpdate>();
        await foreach (var update in client.WatchAsync(submitted.Id)) updates.Add(update);
        Assert.Equal(updates.Select(update => update.Sequence).Order(), updates.Select(update => update.Sequence));
        Assert.Equal(updates.Select(update => update.Percent).Order(), updates.Select(update => update.Percent));
        Assert.True(updates[^1].IsOver);

        var analysis = await client.WaitAsync(submitted.Id);
        Assert.Equal((AnalysisStatus.Completed, updates[^1].Verdict, "7"), (analysis.Status, analysis.Verdict, analysis.Metadata["case"]));
        Assert.NotEmpty(analysis.Faces);

        var listed = new List<string>();
        while (listed.Count == 0) // the history is written behind the record
        {
            await foreach (var item in client.ListAsync(new AnalysisQuery { Reference = "post/42", Status = AnalysisStatus.Completed })) listed.Add(item.Id);
        }

        Assert.Equal([analysis.Id], listed);
        using var report = new MemoryStream();
        await client.SaveReportAsync(analysis.Id, report);
        Assert.Contains(analysis.Id, Encoding.UTF8.GetString(report.ToArray()), StringComparison.Ordinal);

        await client.DeleteAsync(analysis.Id);
        var gone = await Assert.ThrowsAsync<DeepfakeApiException>(() => client.GetAsync(analysis.Id));
        Assert.Equal((HttpStatusCode.NotFound, ErrorCodes.NotFound), (gone.Status, gone.Code));
    }

    [Fact]
    public async Task A_stream_is_submitted_and_a_file_that_cannot_be_decoded_ends_as_failed()
    {
        using var client = standalone.Client();
        var failed = await client.WaitAsync((await client.SubmitAsync(File.OpenRead(standalone.Broken))).Id);
        Assert.Equal((AnalysisStatus.Failed, ErrorCodes.Truncated), (failed.Status, failed.Error?.Code));
        var refusal = await Assert.ThrowsAsync<DeepfakeApiException>(() => client.SubmitAsync(new MemoryStream("not a picture"u8.ToArray())));
        Assert.Equal(ErrorCodes.UnsupportedMedia, refusal.Code);
    }

    [Fact]
    public async Task A_large_file_arrives_in_pieces_over_a_line_that_is_cut_again_and_again()
    {
        await using var line = CutLine.To(standalone.Address, cuts: 4, bytes: 5_000);
        using var client = new DeepfakeClient(line.Address, options: new DeepfakeClientOptions { ResumableFrom = 1, PieceSize = 9_000 });
        var expected = Convert.ToHexStringLower(SHA256.HashData(await File.ReadAllBytesAsync(standalone.Picture)));

        var submitted = await client.SubmitFileAsync(standalone.Picture, new SubmitOptions { Reference = "pieces", FileName = "Stück.jpg" });

        Assert.Equal((expected, "pieces", "Stück.jpg"), (submitted.Media.Sha256, submitted.Reference, submitted.FileName));
        Assert.Equal(AnalysisStatus.Completed, (await client.WaitAsync(submitted.Id)).Status);
        Assert.Equal(0, line.CutsLeft);
    }

    [Fact]
    public async Task The_same_key_gives_the_same_analysis()
    {
        using var client = standalone.Client();
        var options = new SubmitOptions { IdempotencyKey = Guid.NewGuid().ToString() };
        var ids = await Task.WhenAll(Enumerable.Range(0, 4).Select(async _ => (await client.SubmitFileAsync(standalone.Picture, options)).Id));
        Assert.Single(ids.Distinct());
    }

    private sealed class Recorder(List<TransferProgress> reports) : IProgress<TransferProgress>
    {
        public void Report(TransferProgress value) => reports.Add(value);
    }
}
