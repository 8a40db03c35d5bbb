using System.Security.Cryptography;
using Deepfake.Contracts;
using Deepfake.TestServers;

namespace Deepfake.IngestService.Tests.Uploads;

/// <summary>The public client, unmodified, over connections that break.</summary>
public abstract class TusClientContract : IAsyncLifetime
{
    private const int Megabyte = 1024 * 1024;
    private readonly string _file = Path.GetTempFileName();
    private byte[] _content = [];
    private IngestHost _host = null!;

    private Uri Uploads => new(_host.Client.BaseAddress!, "/v1/uploads");

    public async Task InitializeAsync()
    {
        // A picture, and then some: what follows the end of a JPEG is nobody's business here.
        _content = new byte[17 * Megabyte];
        new Random(1).NextBytes(_content);
        SampleMedia.Make("jpg:-frames:v 1").CopyTo(_content, 0);
        await File.WriteAllBytesAsync(_file, _content);
        _host = await IngestHost.StartAsync(null, await SettingsAsync());
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        File.Delete(_file);
    }

    /// <summary>Settings of the host under test.</summary>
    protected abstract Task<(string Key, string Value)[]> SettingsAsync();

    [Theory]
    [InlineData(0, false)]
    [InlineData(0, true)]
    [InlineData(3_000_000, false)]
    [InlineData(3_000_000, true)]
    public async Task A_file_arrives_whole_and_is_submitted(int chunkSize, bool withCreation)
    {
        using var client = TusClient.Start(Uploads, _file, new Dictionary<string, object>
        {
            ["metadata"] = new Dictionary<string, string> { ["filename"] = "C:\\bilder\\grün.jpg", ["filetype"] = "image/jpeg", ["reference"] = "r-1" },
            ["chunkSize"] = chunkSize == 0 ? _content.Length : chunkSize,
            ["uploadDataDuringCreation"] = withCreation,
        });
        var url = (await client.WaitForAsync("done")).GetProperty("url").GetString()!;
        Assert.DoesNotContain(client.Seen, seen => seen.GetProperty("event").GetString() == "retry");

        var analysis = await SubmitAsync(url);

        Assert.Equal(("grün.jpg", "r-1"), (analysis.FileName, analysis.Reference));
        await AssertWholeAsync(analysis);
    }

    [Fact]
    public async Task Cuts_are_survived_without_sending_again_what_is_durable()
    {
        using var proxy = new CuttingProxy(_host.Client.BaseAddress!, 2 * Megabyte, 6_500_001, 5 * Megabyte);
        using var client = TusClient.Start(new Uri(proxy.Address, "/v1/uploads"), _file, new { metadata = new { filename = "a.jpg", analyze = "true" } });

        var done = await client.WaitForAsync("done");

        Assert.Equal(0, proxy.Left);
        Assert.Contains(client.Seen, seen => seen.GetProperty("event").GetString() == "retry");
        var id = done.GetProperty("analysis").GetString()!["/v1/analyses/".Length..];
        await AssertWholeAsync(await FindAsync(id));
        Assert.Equal(id, (await SubmitAsync(done.GetProperty("url").GetString()!)).Id);
    }

    [Fact]
    public async Task Another_process_resumes_where_the_first_one_ended()
    {
        string url;
        using (var first = TusClient.Start(Uploads, _file, new { stopAt = 8 * Megabyte })) url = (await first.WaitForAsync("stopped")).GetProperty("url").GetString()!;

        using var second = TusClient.Start(Uploads, _file, new { uploadUrl = url });
        await second.WaitForAsync("done");

        var firstSent = second.Seen.First(seen => seen.GetProperty("event").GetString() == "sent").GetProperty("bytes").GetInt64();
        Assert.True(firstSent > Megabyte, $"It began at {firstSent}.");
        await AssertWholeAsync(await SubmitAsync(url));
    }

    [Fact]
    public async Task What_is_not_welcome_ends_with_the_reason_and_leaves_nothing()
    {
        await File.WriteAllTextAsync(_file, "#EXTM3U\nhttp://example.org/x.ts\n");
        using var client = TusClient.Start(Uploads, _file, new { retryDelays = Array.Empty<int>() });

        var error = await client.WaitForAsync("error");

        Assert.Equal(415, error.GetProperty("status").GetInt32());
        Assert.Contains(ErrorCodes.PlaylistRejected, error.GetProperty("text").GetString(), StringComparison.Ordinal);
        await _host.AssertNothingLeftAsync();
    }

    private async Task<Analysis> SubmitAsync(string url)
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { upload_id = url[(url.LastIndexOf('/') + 1)..] });
        return await Answers.IsAcceptedAsync(response);
    }

    private async Task<Analysis> FindAsync(string id) =>
        Submission(await _host.Analyses.FindAsync("default", id, CancellationToken.None) ?? throw new InvalidOperationException($"No record of {id}."));

    private static Analysis Submission(Infrastructure.Analyses.AnalysisState state) => IngestService.Submission.Submitter.Accepted(state.Record);

    private async Task AssertWholeAsync(Analysis analysis)
    {
        Assert.Equal((MediaFormat.Jpeg, _content.LongLength, Convert.ToHexStringLower(SHA256.HashData(_content))), (analysis.Media.Format, analysis.Media.SizeBytes, analysis.Media.Sha256));
        var keys = new List<string>();
        await foreach (var key in _host.Objects.ListAsync("", CancellationToken.None)) keys.Add(key);
        Assert.Equal(new[] { $"default/{analysis.Id}/media" }, keys);
        await using var stored = await _host.Objects.OpenAsync(keys[0], CancellationToken.None);
        Assert.Equal(analysis.Media.Sha256, Convert.ToHexStringLower(await SHA256.HashDataAsync(stored)));
        await _host.Inbox.WaitForAsync(analysis.Id);
        Assert.Single(_host.Inbox.Received);
    }
}

public sealed class EmbeddedTusClientTests : TusClientContract
{
    protected override Task<(string Key, string Value)[]> SettingsAsync() => Task.FromResult<(string, string)[]>([]);
}

[Collection(RealServers.Collection)]
public sealed class TusClientOverServersTests(RealServers servers) : TusClientContract
{
    protected override Task<(string Key, string Value)[]> SettingsAsync() => servers.SettingsAsync();
}
