using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Tests.Submission;

public sealed class SubmitTests : IAsyncLifetime
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private IngestHost _host = null!;

    public async Task InitializeAsync() => _host = await IngestHost.StartAsync();

    public async Task DisposeAsync() => await _host.DisposeAsync();

    [Fact]
    public async Task A_form_is_stored_recorded_published_and_accepted()
    {
        using var form = Form(("file", "/tmp/ünïcode clip.jpg", Jpeg));
        using var response = await _host.Client.PostAsync("/v1/analyses", form);

        var analysis = await Answers.IsAcceptedAsync(response);
        Assert.Matches("^an_[0-9a-z]{26}$", analysis.Id);
        Assert.Equal((AnalysisStatus.Accepted, Stage.Queued, 0.0), (analysis.Status, analysis.Stage, analysis.Progress));
        Assert.Equal("ünïcode clip.jpg", analysis.FileName);
        Assert.Equal((MediaFormat.Jpeg, Jpeg.LongLength, Sha256(Jpeg)), (analysis.Media.Format, analysis.Media.SizeBytes, analysis.Media.Sha256));

        var state = await _host.Analyses.FindAsync("default", analysis.Id, CancellationToken.None);
        Assert.Equal(Sha256(Jpeg), state!.Record.Sha256);
        Assert.Equal(state.Record.AcceptedAt + TimeSpan.FromMinutes(30), state.Record.Deadline);
        Assert.Equal(Jpeg, await ReadAsync(state.Record.MediaKey));

        var (message, _) = await _host.Inbox.WaitForAsync(analysis.Id);
        Assert.Equal((state.Record.MediaKey, MediaFormat.Jpeg, Jpeg.LongLength, Lane.Interactive), (message.MediaKey, message.Format, message.SizeBytes, message.Lane));
        await Eventually.TrueAsync(async () => (await _host.Analyses.FindUnpublishedAsync(DateTimeOffset.MaxValue, 10, CancellationToken.None)).Count == 0, "marked as published");
    }

    [Fact]
    public async Task Names_and_enums_are_snake_case_on_the_wire()
    {
        using var response = await _host.PostRawAsync(Jpeg);

        using var json = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("accepted", json.RootElement.GetProperty("status").GetString());
        Assert.Equal("queued", json.RootElement.GetProperty("stage").GetString());
        Assert.Equal("jpeg", json.RootElement.GetProperty("media").GetProperty("format").GetString());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("completed_at").ValueKind);
    }

    [Fact]
    public async Task Fields_may_come_before_or_after_the_file()
    {
        using var before = Form(("lane", null, "batch"u8.ToArray()), ("webhook_url", null, "https://example.org/hook?x=1"u8.ToArray()), ("file", "a.jpg", Jpeg));
        using var after = Form(("file", "a.jpg", Jpeg), ("unknown", null, "x"u8.ToArray()), ("lane", null, "batch"u8.ToArray()), ("webhook_url", null, "https://example.org/hook?x=1"u8.ToArray()));
        foreach (var form in new[] { before, after })
        {
            using var response = await _host.Client.PostAsync("/v1/analyses", form);
            var analysis = await Answers.IsAcceptedAsync(response);

            var record = (await _host.Analyses.FindAsync(analysis.Id, CancellationToken.None))!.Record;
            Assert.Equal((Lane.Batch, "https://example.org/hook?x=1"), (record.Lane, record.WebhookUrl));
            Assert.Equal(record.AcceptedAt + TimeSpan.FromHours(6), record.Deadline);
            Assert.Equal(Lane.Batch, (await _host.Inbox.WaitForAsync(analysis.Id)).Message.Lane);
        }
    }

    [Theory]
    [InlineData("X-Filename", "my%20pict%C3%BCre.jpg", "my pictüre.jpg")]
    [InlineData("X-Filename", "../../etc/passwd", "passwd")]
    [InlineData("Content-Disposition", "attachment; filename=\"a b.jpg\"", "a b.jpg")]
    [InlineData("Content-Disposition", "attachment; filename*=UTF-8''%E6%98%A0.jpg", "映.jpg")]
    [InlineData("X-Other", "x", null)]
    public async Task A_raw_body_gets_its_name_from_a_header(string header, string value, string? name)
    {
        using var response = await _host.PostRawAsync(Jpeg, "?lane=batch&webhook_url=http://example.org/", headers: (header, value));

        var analysis = await Answers.IsAcceptedAsync(response);
        Assert.Equal(name, analysis.FileName);
        Assert.Equal(Lane.Batch, (await _host.Analyses.FindAsync(analysis.Id, CancellationToken.None))!.Record.Lane);
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("video/mp4")]
    [InlineData("application/x-www-form-urlencoded")]
    public async Task A_wrong_content_type_is_ignored(string type)
    {
        using var raw = await _host.PostRawAsync(Jpeg, contentType: type);
        using var form = Form(("file", "film.mp4", Jpeg));
        form.Single().Headers.ContentType = MediaTypeHeaderValue.Parse(type);
        using var multipart = await _host.Client.PostAsync("/v1/analyses", form);

        Assert.Equal(MediaFormat.Jpeg, (await Answers.IsAcceptedAsync(raw)).Media.Format);
        Assert.Equal(MediaFormat.Jpeg, (await Answers.IsAcceptedAsync(multipart)).Media.Format);
    }

    [Theory]
    [InlineData("hello", 415, ErrorCodes.UnsupportedMedia)]
    [InlineData("#EXTM3U\nfile:///etc/passwd\n", 415, ErrorCodes.PlaylistRejected)]
    [InlineData("ffconcat version 1.0\nfile /etc/passwd\n", 415, ErrorCodes.PlaylistRejected)]
    [InlineData("", 400, ErrorCodes.EmptyBody)]
    public async Task What_is_no_medium_is_refused_and_leaves_nothing(string text, int status, string code)
    {
        using var raw = await _host.PostRawAsync(Encoding.UTF8.GetBytes(text), contentType: "video/mp4");
        using var form = Form(("file", "clip.mp4", Encoding.UTF8.GetBytes(text)));
        using var multipart = await _host.Client.PostAsync("/v1/analyses", form);

        await Answers.IsProblemAsync(raw, status, code);
        await Answers.IsProblemAsync(multipart, status, code);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_picture_of_400_million_pixels_is_refused_by_its_header()
    {
        byte[] png = [.. SampleMedia.Make("png:-frames:v 1")];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 20_000);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 20_000);

        using var response = await _host.PostRawAsync(png);

        var problem = await Answers.IsProblemAsync(response, 413, ErrorCodes.TooManyPixels);
        Assert.Contains("20000 × 20000", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await _host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("lane", "live")]
    [InlineData("lane", "Batch")]
    [InlineData("webhook_url", "file:///etc/passwd")]
    [InlineData("webhook_url", "/relative")]
    [InlineData("webhook_url", "https://user:secret@example.org/")]
    [InlineData("webhook_url", "nonsense")]
    public async Task A_field_that_is_not_allowed_leaves_nothing(string field, string value)
    {
        using var raw = await _host.PostRawAsync(Jpeg, $"?{field}={Uri.EscapeDataString(value)}");
        using var form = Form(("file", "a.jpg", Jpeg), (field, null, Encoding.UTF8.GetBytes(value)));
        using var multipart = await _host.Client.PostAsync("/v1/analyses", form);

        await Answers.IsProblemAsync(raw, 400, ErrorCodes.InvalidRequest);
        await Answers.IsProblemAsync(multipart, 400, ErrorCodes.InvalidRequest);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Two_files_are_one_too_many()
    {
        using var form = Form(("file", "a.jpg", Jpeg), ("file", "b.jpg", Jpeg));
        using var response = await _host.Client.PostAsync("/v1/analyses", form);

        await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task A_form_without_the_file_part_says_so()
    {
        using var other = Form(("picture", "a.jpg", Jpeg));
        using var none = Form(("lane", null, "batch"u8.ToArray()));
        using var unnamed = new MultipartFormDataContent { new ByteArrayContent(Jpeg) { Headers = { ContentDisposition = new ContentDispositionHeaderValue("form-data") { FileName = "a.jpg" } } } };
        foreach (var form in new[] { other, none, unnamed })
        {
            using var response = await _host.Client.PostAsync("/v1/analyses", form);
            await Answers.IsProblemAsync(response, 400, ErrorCodes.MissingFile);
        }
    }

    [Fact]
    public async Task A_huge_field_and_a_flood_of_parts_are_refused()
    {
        using var huge = Form(("note", null, new byte[70_000]), ("file", "a.jpg", Jpeg));
        using var flood = Form([.. Enumerable.Range(0, 40).Select(i => ($"field{i}", (string?)null, new byte[1])), ("file", "a.jpg", Jpeg)]);
        foreach (var form in new[] { huge, flood })
        {
            using var response = await _host.Client.PostAsync("/v1/analyses", form);
            await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
        }

        await _host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("multipart/form-data")]
    [InlineData("multipart/form-data; boundary=\"\"")]
    [InlineData("multipart/form-data; boundary=0123456789012345678901234567890123456789012345678901234567890123456789x")]
    public async Task A_form_without_a_usable_boundary_is_malformed(string type)
    {
        using var response = await _host.PostRawAsync(Jpeg, contentType: type);

        await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
    }

    [Theory]
    [InlineData("no boundary in here at all")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\nJPEG")]
    [InlineData("--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a.jpg\"\r\n\r\nJPEG\r\n--b")]
    [InlineData("--b\r\n\r\nJPEG\r\n--b--\r\n")]
    [InlineData("--b\r\nContent-Disposition: attachment; name=\"file\"\r\n\r\nJPEG\r\n--b--\r\n")]
    [InlineData("--b\r\nnonsense\r\n\r\nJPEG\r\n--b--\r\n")]
    public async Task A_form_that_is_broken_or_ends_early_is_malformed_and_leaves_nothing(string text)
    {
        var parts = text.Split("JPEG");
        byte[] body = parts.Length == 1 ? Encoding.UTF8.GetBytes(text) : [.. Encoding.UTF8.GetBytes(parts[0]), .. Jpeg, .. Encoding.UTF8.GetBytes(parts[1])];

        using var response = await _host.PostRawAsync(body, contentType: "multipart/form-data; boundary=b");

        await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
        await _host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Headers_of_a_part_are_bounded()
    {
        var body = Encoding.UTF8.GetBytes($"--b\r\nContent-Disposition: form-data; name=\"file\"\r\nX-Long: {new string('x', 20_000)}\r\n\r\n");

        using var response = await _host.PostRawAsync(body, contentType: "multipart/form-data; boundary=b");

        await Answers.IsProblemAsync(response, 400, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task The_document_describes_bodies_answers_and_problems()
    {
        using var document = JsonDocument.Parse(await _host.Client.GetStringAsync("/openapi/ingest.json"));

        Assert.StartsWith("3.1", document.RootElement.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        var submit = document.RootElement.GetProperty("paths").GetProperty("/v1/analyses").GetProperty("post");
        var form = submit.GetProperty("requestBody").GetProperty("content").GetProperty("multipart/form-data").GetProperty("schema").GetProperty("properties");
        Assert.Equal("binary", form.GetProperty("file").GetProperty("format").GetString());
        Assert.Equal(["200", "202", "400", "401", "403", "409", "413", "415", "422", "429", "503"], submit.GetProperty("responses").EnumerateObject().Select(answer => answer.Name).Order());
        var parameters = submit.GetProperty("parameters").EnumerateArray().Select(parameter => parameter.GetProperty("name").GetString());
        Assert.Equal(["lane", "webhook", "profile", "heat_maps", "retention", "reference", "metadata", "reuse", "Idempotency-Key", "X-Filename"], parameters);
        Assert.True(document.RootElement.GetProperty("components").GetProperty("schemas").GetProperty("Analysis").GetProperty("properties").TryGetProperty("deepfake_score", out _));
    }

    [Fact]
    public async Task Unknown_addresses_and_methods_are_problems_too()
    {
        using var nowhere = await _host.Client.GetAsync("/v1/nothing");
        using var method = await _host.Client.PutAsync("/v1/analyses", new StringContent("x"));

        await Answers.IsProblemAsync(nowhere, 404, ErrorCodes.NotFound);
        await Answers.IsProblemAsync(method, 405, ErrorCodes.InvalidRequest);
    }

    private static MultipartFormDataContent Form(params (string Name, string? FileName, byte[] Content)[] parts)
    {
        var form = new MultipartFormDataContent();
        foreach (var (name, fileName, content) in parts)
        {
            if (fileName is null) form.Add(new ByteArrayContent(content), name);
            else form.Add(new ByteArrayContent(content), name, fileName);
        }

        return form;
    }

    private async Task<byte[]> ReadAsync(string key)
    {
        await using var stream = await _host.Objects.OpenAsync(key, CancellationToken.None);
        using var copy = new MemoryStream();
        await stream.CopyToAsync(copy);
        return copy.ToArray();
    }

    private static string Sha256(byte[] bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}
