using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Uploads;

namespace Deepfake.IngestService.Tests.Uploads;

public sealed class TusProtocolTests : IAsyncLifetime
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private IngestHost _host = null!;

    public async Task InitializeAsync() => _host = await IngestHost.StartAsync(null, ("Ingest:MaxBytes", "2000000"), ("Ingest:ExpiryInterval", "00:00:00.100"));

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Theory]
    [InlineData("/v1/uploads")]
    [InlineData("/v1/uploads/up_x")]
    public async Task The_server_says_what_it_can_do(string path)
    {
        using var answer = await SendAsync("OPTIONS", path, version: null);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(("1.0.0", "1.0.0", "2000000"), (Header(answer, "Tus-Resumable"), Header(answer, "Tus-Version"), Header(answer, "Tus-Max-Size")));
        Assert.Equal("creation,creation-with-upload,expiration,checksum,termination", Header(answer, "Tus-Extension"));
        Assert.Equal("sha1,sha256", Header(answer, "Tus-Checksum-Algorithm"));
    }

    [Fact]
    public async Task An_upload_is_created_continued_and_submitted()
    {
        using var created = await SendAsync("POST", "/v1/uploads", null, ("Upload-Length", $"{Jpeg.Length}"), ("Upload-Metadata", $"filename {Base64("b.jpg")},other,lane {Base64("batch")}"));
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        var url = created.Headers.Location!.OriginalString;
        Assert.Matches("^/v1/uploads/up_[0-9a-z]{26}$", url);
        Assert.InRange(DateTimeOffset.Parse(Header(created, "Upload-Expires")!), DateTimeOffset.UtcNow.AddHours(23), DateTimeOffset.UtcNow.AddHours(24));

        using var first = await PatchAsync(url, 0, Jpeg[..100]);
        Assert.Equal((HttpStatusCode.NoContent, "100"), (first.StatusCode, Header(first, "Upload-Offset")));
        using var head = await SendAsync("HEAD", url);
        Assert.Equal((HttpStatusCode.OK, "100", $"{Jpeg.Length}"), (head.StatusCode, Header(head, "Upload-Offset"), Header(head, "Upload-Length")));
        Assert.Equal($"filename {Base64("b.jpg")},other,lane {Base64("batch")}", Header(head, "Upload-Metadata"));
        Assert.True(head.Headers.CacheControl!.NoStore);
        Assert.Equal(("open", 100), (await StatusAsync(url) is var open ? open.GetProperty("state").GetString() : "", open.GetProperty("offset").GetInt32()));
        await Answers.IsProblemAsync(await SubmitAsync(url), 409, ErrorCodes.UploadIncomplete);

        using var last = await PatchAsync(url, 100, Jpeg[100..]);
        Assert.Equal((HttpStatusCode.NoContent, $"{Jpeg.Length}"), (last.StatusCode, Header(last, "Upload-Offset")));
        Assert.Null(Header(last, TusEndpoints.AnalysisHeader));
        var status = await StatusAsync(url);
        Assert.Equal(("complete", "jpeg"), (status.GetProperty("state").GetString(), status.GetProperty("media").GetProperty("format").GetString()));

        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(url, ("file_name", "c.jpg")));
        Assert.Equal("c.jpg", analysis.FileName);
        Assert.Equal(Lane.Batch, (await _host.Analyses.FindAsync(analysis.Id, CancellationToken.None))!.Record.Lane);
        Assert.Equal(analysis.Id, (await StatusAsync(url)).GetProperty("analysis_id").GetString());
        using var after = await SendAsync("HEAD", url);
        Assert.Equal($"/v1/analyses/{analysis.Id}", Header(after, TusEndpoints.AnalysisHeader));
    }

    [Fact]
    public async Task Submitting_an_upload_many_times_at_once_makes_one_analysis()
    {
        var url = await UploadAsync();

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(i => SubmitAsync(url, ("reference", $"{i}"))));

        var analyses = await Task.WhenAll(answers.Select(Answers.IsAcceptedAsync));
        Assert.Single(analyses.Select(analysis => (analysis.Id, analysis.Reference)).Distinct());
        await _host.Inbox.WaitForAsync(analyses[0].Id);
        Assert.Single(_host.Inbox.Received);
    }

    [Fact]
    public async Task An_upload_whose_analysis_was_deleted_is_gone()
    {
        var url = await UploadAsync();
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(url));
        await _host.Analyses.DeleteAsync("default", analysis.Id, CancellationToken.None);
        await _host.Objects.DeletePrefixAsync($"default/{analysis.Id}/", CancellationToken.None);

        await Answers.IsProblemAsync(await SubmitAsync(url), 404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_submission_that_died_before_the_record_can_be_repeated()
    {
        var url = await UploadAsync();
        _host.Breaks.Analyses.Add(nameof(Infrastructure.Analyses.IAnalysisStore.CreateAsync));
        await Answers.IsProblemAsync(await SubmitAsync(url), 503, ErrorCodes.Unavailable);
        _host.Breaks.Analyses.Clear();

        var status = await StatusAsync(url);
        Assert.Equal("submitted", status.GetProperty("state").GetString());
        using var again = await SubmitAsync(url);
        Assert.True(again.StatusCode is HttpStatusCode.Accepted, await again.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task An_idempotency_key_may_submit_an_upload()
    {
        var (one, other) = (await UploadAsync(), await UploadAsync());
        var first = await Answers.IsAcceptedAsync(await SubmitAsync(one, "k"));

        Assert.Equal(first.Id, (await Answers.IsAcceptedAsync(await SubmitAsync(one, "k"))).Id);
        await Answers.IsProblemAsync(await SubmitAsync(other, "k"), 422, ErrorCodes.IdempotencyKeyReused);
        await Answers.IsProblemAsync(await SubmitAsync(one, "k", ("lane", "batch")), 422, ErrorCodes.IdempotencyKeyReused);
    }

    [Theory]
    [InlineData("sha1")]
    [InlineData("sha256")]
    public async Task Bytes_without_their_checksum_are_not_kept(string algorithm)
    {
        var url = await CreateAsync(Jpeg.Length);
        var piece = Jpeg[..500];
        var hash = Convert.ToBase64String(CryptographicOperations.HashData(new HashAlgorithmName(algorithm.ToUpperInvariant()), piece));
        byte[] damaged = [.. piece];
        damaged[250] ^= 1;

        using var refused = await PatchAsync(url, 0, damaged, ("Upload-Checksum", $"{algorithm} {hash}"));
        await Answers.IsProblemAsync(refused, 460, ErrorCodes.ChecksumMismatch);
        using var head = await SendAsync("HEAD", url);
        Assert.Equal("0", Header(head, "Upload-Offset"));
        using var accepted = await PatchAsync(url, 0, piece, ("Upload-Checksum", $"{algorithm} {hash}"));
        Assert.Equal("500", Header(accepted, "Upload-Offset"));
    }

    [Theory]
    [InlineData("md5 1B2M2Y8AsgTpgAmY7PhCfg==")]
    [InlineData("sha1")]
    [InlineData("sha1 AAAA")]
    [InlineData("sha1 not base64")]
    public async Task An_unknown_checksum_is_refused(string checksum)
    {
        var url = await CreateAsync(Jpeg.Length);

        await Answers.IsProblemAsync(await PatchAsync(url, 0, Jpeg, ("Upload-Checksum", checksum)), 400, ErrorCodes.InvalidRequest);
    }

    [Theory]
    [InlineData("Upload-Length", "", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Length", "-5", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Length", "99999999999999999999", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Length", "0", 400, ErrorCodes.EmptyBody)]
    [InlineData("Upload-Length", "2000001", 413, ErrorCodes.TooLarge)]
    [InlineData("Upload-Defer-Length", "1", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Metadata", "filename not,base64", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Metadata", "filename !!!", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Metadata", "lane bGl2ZQ==", 400, ErrorCodes.InvalidRequest)]
    [InlineData("Upload-Metadata", "analyze eWVz", 400, ErrorCodes.InvalidRequest)]
    public async Task What_cannot_be_an_upload_is_refused(string header, string value, int status, string code)
    {
        (string, string)[] headers = header == "Upload-Length" ? [(header, value)] : [("Upload-Length", "10"), (header, value)];

        await Answers.IsProblemAsync(await SendAsync("POST", "/v1/uploads", null, headers), status, code);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_piece_that_does_not_fit_is_refused()
    {
        var url = await CreateAsync(1000);

        await Answers.IsProblemAsync(await PatchAsync(url, 5, Jpeg[..10]), 409, ErrorCodes.UploadConflict);
        await Answers.IsProblemAsync(await PatchAsync(url, 0, Jpeg[..1001]), 413, ErrorCodes.TooLarge);
        await Answers.IsProblemAsync(await SendAsync("PATCH", url, new ByteArrayContent(Jpeg), ("Upload-Offset", "0")), 415, ErrorCodes.UnsupportedMedia);
        await Answers.IsProblemAsync(await SendAsync("PATCH", url, new ByteArrayContent(Jpeg), version: "0.2.2"), 412, ErrorCodes.UnsupportedVersion);
        await Answers.IsProblemAsync(await SendAsync("PATCH", url, new ByteArrayContent(Jpeg), version: null), 412, ErrorCodes.UnsupportedVersion);
        using var head = await SendAsync("HEAD", url);
        Assert.Equal("0", Header(head, "Upload-Offset"));
    }

    [Fact]
    public async Task A_terminated_upload_is_gone_with_its_bytes()
    {
        var url = await CreateAsync(1000);
        await PatchAsync(url, 0, Jpeg[..500]);

        using var answer = await SendAsync("DELETE", url);

        Assert.Equal(HttpStatusCode.NoContent, answer.StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await SendAsync("HEAD", url)).StatusCode);
        await Answers.IsProblemAsync(await PatchAsync(url, 500, Jpeg[..500]), 404, ErrorCodes.NotFound);
        await Answers.IsProblemAsync(await SendAsync("DELETE", url), 404, ErrorCodes.NotFound);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Ending_a_submitted_upload_leaves_its_analysis_alone()
    {
        var url = await UploadAsync();
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(url));

        await SendAsync("DELETE", url);

        Assert.True(await _host.Objects.ExistsAsync($"default/{analysis.Id}/media", CancellationToken.None));
    }

    [Fact]
    public async Task Methods_may_be_overridden()
    {
        var url = await CreateAsync(1000);

        using var patch = await SendAsync("POST", url, Piece(Jpeg[..7]), ("X-HTTP-Method-Override", "PATCH"), ("Upload-Offset", "0"));
        Assert.Equal((HttpStatusCode.NoContent, "7"), (patch.StatusCode, Header(patch, "Upload-Offset")));
        await Answers.IsProblemAsync(await SendAsync("POST", url), 400, ErrorCodes.InvalidRequest);
        using var delete = await SendAsync("POST", url, null, ("X-HTTP-Method-Override", "DELETE"));
        Assert.Equal(HttpStatusCode.NoContent, delete.StatusCode);
    }

    [Fact]
    public async Task Another_tenant_finds_nothing()
    {
        var url = await CreateAsync(Jpeg.Length);

        await Answers.IsProblemAsync(await PatchAsync(url, 0, Jpeg, (IngestHost.TenantHeader, "other")), 404, ErrorCodes.NotFound);
        await Answers.IsProblemAsync(await SendAsync("DELETE", url, null, (IngestHost.TenantHeader, "other")), 404, ErrorCodes.NotFound);
        await Answers.IsProblemAsync(await SendAsync("GET", url, null, (IngestHost.TenantHeader, "other")), 404, ErrorCodes.NotFound);
        await PatchAsync(url, 0, Jpeg);
        await Answers.IsProblemAsync(
            await _host.PostJsonAsync("/v1/analyses", new { upload_id = url["/v1/uploads/".Length..] }, (IngestHost.TenantHeader, "other")), 404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_new_request_does_not_wait_for_a_connection_that_is_dead()
    {
        var url = await CreateAsync(Jpeg.Length);
        using var stuck = new StuckContent(Jpeg[..300]);
        var old = SendAsync("PATCH", url, stuck, ("Upload-Offset", "0"));
        await stuck.Sent;

        await Eventually.TrueAsync(
            async () =>
            {
                // The dead connection's bytes may still be on their way and arrive between these two; then a client asks once more.
                using var head = await SendAsync("HEAD", url);
                var offset = int.Parse(Header(head, "Upload-Offset")!);
                using var next = await PatchAsync(url, offset, Jpeg[offset..]);
                return (next.StatusCode, Header(next, "Upload-Offset")) == (HttpStatusCode.NoContent, $"{Jpeg.Length}");
            },
            "the upload goes on beside the dead connection");
        await Answers.IsAcceptedAsync(await SubmitAsync(url));
        stuck.Release();
        await Assert.ThrowsAnyAsync<Exception>(async () => (await old).EnsureSuccessStatusCode());
    }

    [Fact]
    public async Task Nobody_gives_way_to_another_tenant()
    {
        var url = await CreateAsync(Jpeg.Length);
        using var slow = new StuckContent(Jpeg[..300]);
        var mine = SendAsync("PATCH", url, slow, ("Upload-Offset", "0"));
        await slow.Sent;

        foreach (var method in new[] { "HEAD", "DELETE" })
        {
            using var theirs = await SendAsync(method, url, null, (IngestHost.TenantHeader, "other"));
            Assert.Equal(HttpStatusCode.NotFound, theirs.StatusCode);
        }

        await Answers.IsProblemAsync(await PatchAsync(url, 0, Jpeg, (IngestHost.TenantHeader, "other")), 404, ErrorCodes.NotFound);
        slow.Release();
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => mine); // nobody had answered it
    }

    [Fact]
    public async Task Of_writers_of_one_offset_one_wins()
    {
        var url = await CreateAsync(Jpeg.Length);

        var answers = await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => PatchAsync(url, 0, Jpeg)));

        Assert.Single(answers, answer => answer.StatusCode == HttpStatusCode.NoContent && Header(answer, "Upload-Offset") == $"{Jpeg.Length}");
        foreach (var answer in answers.Where(answer => answer.StatusCode != HttpStatusCode.NoContent)) await Answers.IsProblemAsync(answer, 409, ErrorCodes.UploadConflict);
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(url));
        Assert.Equal(Convert.ToHexStringLower(SHA256.HashData(Jpeg)), analysis.Media.Sha256);
    }

    [Fact]
    public async Task Expired_uploads_are_removed_with_every_byte()
    {
        await using var host = await IngestHost.StartAsync(null, ("Ingest:ExpiryInterval", "00:00:00.100"));
        using var created = await host.Client.SendAsync(Request("POST", "/v1/uploads", null, "1.0.0", ("Upload-Length", "1000")));
        var url = created.Headers.Location!.OriginalString;
        using var patch = await host.Client.SendAsync(Request("PATCH", url, Piece(Jpeg[..100]), "1.0.0", ("Upload-Offset", "0")));
        Assert.Single(host.Uploads());
        var documents = host.Documents<Upload>();
        var document = (await documents.FindAsync("default", url["/v1/uploads/".Length..], CancellationToken.None))!;

        var past = DateTimeOffset.UtcNow.AddMinutes(-1);
        Assert.True(await documents.TryUpdateAsync(document with { Due = past, Value = document.Value with { ExpiresAt = past } }, CancellationToken.None));

        await Eventually.TrueAsync(async () => await documents.FindAsync("default", document.Id, CancellationToken.None) is null, "the upload is removed");
        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task An_expired_upload_that_was_submitted_leaves_its_analysis_alone()
    {
        var url = await UploadAsync();
        var analysis = await Answers.IsAcceptedAsync(await SubmitAsync(url));
        var documents = _host.Documents<Upload>();
        var document = (await documents.FindAsync("default", url["/v1/uploads/".Length..], CancellationToken.None))!;

        Assert.True(await documents.TryUpdateAsync(document with { Due = DateTimeOffset.UtcNow.AddMinutes(-1) }, CancellationToken.None));

        await Eventually.TrueAsync(async () => await documents.FindAsync("default", document.Id, CancellationToken.None) is null, "the document is removed");
        Assert.True(await _host.Objects.ExistsAsync($"default/{analysis.Id}/media", CancellationToken.None));
    }

    [Fact]
    public async Task Everything_survives_a_restart()
    {
        var folder = Directory.CreateTempSubdirectory("ingest-").FullName;
        var before = await IngestHost.StartAsync(folder);
        using var created = await before.Client.SendAsync(Request("POST", "/v1/uploads", Piece(Jpeg[..1234]), "1.0.0", ("Upload-Length", $"{Jpeg.Length}")));
        Assert.Equal("1234", Header(created, "Upload-Offset"));
        await before.StopAsync();

        await using var after = await IngestHost.StartAsync(folder);
        using var patch = await after.Client.SendAsync(Request("PATCH", created.Headers.Location!.OriginalString, Piece(Jpeg[1234..]), "1.0.0", ("Upload-Offset", "1234")));
        Assert.Equal($"{Jpeg.Length}", Header(patch, "Upload-Offset"));
    }

    private async Task<string> CreateAsync(int length)
    {
        using var created = await SendAsync("POST", "/v1/uploads", null, ("Upload-Length", $"{length}"));
        return created.Headers.Location!.OriginalString;
    }

    private async Task<string> UploadAsync()
    {
        var url = await CreateAsync(Jpeg.Length);
        using var patch = await PatchAsync(url, 0, Jpeg);
        Assert.Equal(HttpStatusCode.NoContent, patch.StatusCode);
        return url;
    }

    private Task<HttpResponseMessage> PatchAsync(string url, int offset, byte[] piece, params (string Name, string Value)[] headers) =>
        SendAsync("PATCH", url, Piece(piece), [("Upload-Offset", $"{offset}"), .. headers]);

    private Task<HttpResponseMessage> SubmitAsync(string url, params (string Name, string Value)[] options) => SubmitAsync(url, null, options);

    private Task<HttpResponseMessage> SubmitAsync(string url, string? key, params (string Name, string Value)[] options)
    {
        var body = options.Append(("upload_id", url["/v1/uploads/".Length..])).ToDictionary(option => option.Item1, option => option.Item2);
        return _host.PostJsonAsync("/v1/analyses", body, key is null ? [] : [("Idempotency-Key", key)]);
    }

    private async Task<JsonElement> StatusAsync(string url) => JsonDocument.Parse(await _host.Client.GetStringAsync(url)).RootElement;

    private Task<HttpResponseMessage> SendAsync(string method, string url, HttpContent? body, params (string Name, string Value)[] headers) =>
        _host.Client.SendAsync(Request(method, url, body, "1.0.0", headers));

    private Task<HttpResponseMessage> SendAsync(string method, string url, HttpContent? body = null, string? version = "1.0.0") =>
        _host.Client.SendAsync(Request(method, url, body, version));

    private static HttpRequestMessage Request(string method, string url, HttpContent? body, string? version, params (string Name, string Value)[] headers)
    {
        var request = new HttpRequestMessage(new HttpMethod(method), url) { Content = body };
        if (version is not null) request.Headers.Add("Tus-Resumable", version);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return request;
    }

    private static ByteArrayContent Piece(byte[] bytes) => new(bytes) { Headers = { ContentType = MediaTypeHeaderValue.Parse(TusEndpoints.PieceType) } };

    private static string? Header(HttpResponseMessage answer, string name) => answer.Headers.TryGetValues(name, out var values) ? string.Join(',', values) : null;

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    /// <summary>A body that stops in the middle, as a connection does that is dead and does not know it.</summary>
    private sealed class StuckContent : HttpContent
    {
        private readonly byte[] _bytes;
        private readonly TaskCompletionSource _sent = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private readonly TaskCompletionSource _released = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public StuckContent(byte[] bytes)
        {
            _bytes = bytes;
            Headers.ContentType = MediaTypeHeaderValue.Parse(TusEndpoints.PieceType);
            Headers.ContentLength = bytes.Length + 100;
        }

        public Task Sent => _sent.Task;

        public void Release() => _released.TrySetException(new IOException("The connection is dead."));

        protected override async Task SerializeToStreamAsync(Stream stream, TransportContext? context)
        {
            await stream.WriteAsync(_bytes);
            await stream.FlushAsync();
            _sent.SetResult();
            await _released.Task;
        }

        protected override bool TryComputeLength(out long length)
        {
            length = _bytes.Length + 100;
            return true;
        }
    }
}
