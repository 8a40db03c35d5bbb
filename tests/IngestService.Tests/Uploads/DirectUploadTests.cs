using System.Net;
using System.Security.Cryptography;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Uploads;

namespace Deepfake.IngestService.Tests.Uploads;

/// <summary>Two steps: an address, and the submission of what was put there.</summary>
public abstract class DirectUploadContract : IAsyncLifetime
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private readonly HttpClient _client = new();

    private protected IngestHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await IngestHost.StartAsync(null, [.. await SettingsAsync(), ("Ingest:MaxBytes", "2000000"), ("Ingest:ExpiryInterval", "00:00:00.100")]);

    public async Task DisposeAsync()
    {
        _client.Dispose();
        await Host.DisposeAsync();
    }

    /// <summary>Settings of the host under test.</summary>
    protected abstract Task<(string Key, string Value)[]> SettingsAsync();

    [Fact]
    public async Task What_was_put_is_submitted_without_a_copy()
    {
        var upload = await CreateAsync(Jpeg.Length, ("file_name", "x/a.jpg"), ("lane", "batch"), ("sha256", Sha256(Jpeg)));
        Assert.Equal("PUT", upload.GetProperty("method").GetString());
        await Answers.IsProblemAsync(await SubmitAsync(upload), 409, ErrorCodes.UploadIncomplete);

        Assert.True((await PutAsync(upload, Jpeg)).IsSuccessStatusCode);
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(upload));

        Assert.Equal(("a.jpg", MediaFormat.Jpeg, Sha256(Jpeg)), (analysis.FileName, analysis.Media.Format, analysis.Media.Sha256));
        Assert.Equal(Lane.Batch, (await Host.Inbox.WaitForAsync(analysis.Id)).Message.Lane);
        Assert.Equal([$"default/{analysis.Id}/media"], await KeysAsync());
        Assert.Equal(analysis.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(upload))).Id);
    }

    [Fact]
    public async Task A_file_that_changes_after_its_submission_changes_nothing()
    {
        var upload = await CreateAsync(Jpeg.Length);
        await PutAsync(upload, Jpeg);
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(upload));

        await PutAsync(upload, new byte[Jpeg.Length]);

        await using var media = await Host.Objects.OpenAsync($"default/{analysis.Id}/media", CancellationToken.None);
        Assert.Equal(Sha256(Jpeg), Convert.ToHexStringLower(await SHA256.HashDataAsync(media)));
        Assert.Equal(analysis.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(upload))).Id);
    }

    [Fact]
    public async Task What_is_not_welcome_is_removed_when_submitted()
    {
        var playlist = "#EXTM3U\nhttp://example.org/a.ts\n"u8.ToArray();
        var upload = await CreateAsync(playlist.Length);
        Assert.True((await PutAsync(upload, playlist)).IsSuccessStatusCode);

        await Answers.IsProblemAsync(await SubmitAsync(upload), 415, ErrorCodes.PlaylistRejected);

        await Answers.IsProblemAsync(await SubmitAsync(upload), 404, ErrorCodes.NotFound);
        await Host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Another_hash_than_announced_is_refused()
    {
        var upload = await CreateAsync(Jpeg.Length, ("sha256", new string('0', 64)));
        await PutAsync(upload, Jpeg);

        await Answers.IsProblemAsync(await SubmitAsync(upload), 460, ErrorCodes.ChecksumMismatch);
        await Host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Another_length_than_announced_is_refused()
    {
        var upload = await CreateAsync(Jpeg.Length);

        Assert.False((await PutAsync(upload, Jpeg[..^1])).IsSuccessStatusCode);
        Assert.False((await PutAsync(upload, [.. Jpeg, 0])).IsSuccessStatusCode);
        await Host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("{}", 400, ErrorCodes.InvalidRequest)]
    [InlineData("[]", 400, ErrorCodes.InvalidRequest)]
    [InlineData("no json", 400, ErrorCodes.InvalidRequest)]
    [InlineData("""{"size_bytes":"5"}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("""{"size_bytes":5.5}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("""{"size_bytes":0}""", 400, ErrorCodes.EmptyBody)]
    [InlineData("""{"size_bytes":2000001}""", 413, ErrorCodes.TooLarge)]
    [InlineData("""{"size_bytes":5,"sha256":"abc"}""", 400, ErrorCodes.InvalidRequest)]
    [InlineData("""{"size_bytes":5,"lane":"live"}""", 400, ErrorCodes.InvalidRequest)]
    public async Task What_cannot_be_an_upload_is_refused(string body, int status, string code)
    {
        using var content = new StringContent(body, null, "application/json");

        await Answers.IsProblemAsync(await Host.Client.PostAsync("/v1/uploads/direct", content), status, code);
    }

    [Fact]
    public async Task Bytes_that_come_after_the_end_of_an_upload_are_removed_later()
    {
        var upload = await CreateAsync(Jpeg.Length);
        var id = upload.GetProperty("upload_id").GetString()!;
        using var deleted = await Host.Client.DeleteAsync($"/v1/uploads/{id}");
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
        await PutAsync(upload, Jpeg); // an object store still takes it; this service does not
        await Answers.IsProblemAsync(await SubmitAsync(upload), 404, ErrorCodes.NotFound);

        var documents = Host.Documents<Upload>();
        var document = (await documents.FindAsync("default", id, CancellationToken.None))!;
        Assert.InRange(document.Due!.Value, DateTimeOffset.UtcNow.AddMinutes(60), DateTimeOffset.UtcNow.AddMinutes(66));
        var past = DateTimeOffset.UtcNow.AddHours(-2);
        Assert.True(await documents.TryUpdateAsync(document with { Due = past, Value = document.Value with { CreatedAt = past } }, CancellationToken.None));

        await Eventually.TrueAsync(async () => await documents.FindAsync("default", id, CancellationToken.None) is null, "the document is removed");
        await Host.AssertNothingLeftAsync();
    }

    private protected async Task<JsonElement> CreateAsync(int size, params (string Name, string Value)[] options)
    {
        var body = options.ToDictionary(option => option.Name, option => (object)option.Value);
        body["size_bytes"] = size;
        using var response = await Host.PostJsonAsync("/v1/uploads/direct", body);
        Assert.True(response.StatusCode == HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        return JsonDocument.Parse(await response.Content.ReadAsStringAsync()).RootElement;
    }

    private protected Task<HttpResponseMessage> PutAsync(JsonElement upload, byte[] bytes) => _client.PutAsync(new Uri(upload.GetProperty("url").GetString()!), new ByteArrayContent(bytes));

    private protected Task<HttpResponseMessage> SubmitAsync(JsonElement upload) => Host.PostJsonAsync("/v1/analyses", new { upload_id = upload.GetProperty("upload_id").GetString() });

    private async Task<List<string>> KeysAsync()
    {
        var keys = new List<string>();
        await foreach (var key in Host.Objects.ListAsync("", CancellationToken.None)) keys.Add(key);
        return keys;
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

public sealed class EmbeddedDirectUploadTests : DirectUploadContract
{
    [Theory]
    [InlineData("length=", "length=1")]
    [InlineData("expires=", "expires=1")]
    [InlineData("tenant=default", "tenant=other")]
    [InlineData("signature=", "signature=0")]
    [InlineData("signature=", "signature=ä")]
    [InlineData("/up_", "/up_0")]
    public async Task An_address_that_was_changed_is_worth_nothing(string part, string changed)
    {
        var upload = await CreateAsync(5);
        var url = upload.GetProperty("url").GetString()!.Replace(part, changed, StringComparison.Ordinal);

        using var response = await Host.Client.PutAsync(new Uri(url), new ByteArrayContent([1, 2, 3, 4, 5]));

        await Answers.IsProblemAsync(response, 404, ErrorCodes.NotFound);
        await Host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task An_address_is_good_for_its_time_and_over_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("ingest-").FullName;
        var before = await IngestHost.StartAsync(folder, ("Ingest:DirectWindow", "00:00:02"));
        using var created = await before.PostJsonAsync("/v1/uploads/direct", new { size_bytes = 3 });
        var url = new Uri(JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement.GetProperty("url").GetString()!);
        await before.StopAsync();

        await using var after = await IngestHost.StartAsync(folder, ("Ingest:DirectWindow", "00:00:02"));
        using var first = await after.Client.PutAsync(url.PathAndQuery, new ByteArrayContent([1, 2, 3]));
        Assert.True(first.IsSuccessStatusCode || first.StatusCode == HttpStatusCode.NotFound, $"{first.StatusCode}"); // a slow machine may be late
        await Eventually.TrueAsync(async () => (await after.Client.PutAsync(url.PathAndQuery, new ByteArrayContent([1, 2, 3]))).StatusCode == HttpStatusCode.NotFound, "the address expires");
    }

    protected override Task<(string Key, string Value)[]> SettingsAsync() => Task.FromResult<(string, string)[]>([]);
}

[Collection(RealServers.Collection)]
public sealed class DirectUploadOverServersTests(RealServers servers) : DirectUploadContract
{
    [Fact]
    public async Task The_address_is_the_object_stores() =>
        Assert.NotEqual(Host.Client.BaseAddress!.Authority, new Uri((await CreateAsync(5)).GetProperty("url").GetString()!).Authority);

    protected override Task<(string Key, string Value)[]> SettingsAsync() => servers.SettingsAsync();
}
