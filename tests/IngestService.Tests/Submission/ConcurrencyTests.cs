using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.IngestService.Uploads;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.IngestService.Tests.Submission;

/// <summary>However a file comes in, its key has no more unfinished analyses than it may.</summary>
public sealed class ConcurrencyTests : IAsyncLifetime
{
    private static readonly byte[] Png = SampleMedia.Make("png:-frames:v 1");
    private WebApplication _origin = null!;
    private IngestHost _host = null!;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _origin = builder.Build();
        _origin.MapGet("/a.png", (HttpContext http) => http.Response.Body.WriteAsync(Png).AsTask());
        await _origin.StartAsync();
        _host = await IngestHost.StartAsync(null, ("Outbound:AllowedNetworks", "127.0.0.1/32"), ("Ingest:UrlPorts", "any"), ("Ingest:AnswerWait", "00:00:00.100"));
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Fact]
    public async Task Of_many_at_once_as_many_as_the_key_may_have_are_accepted_and_the_rest_leave_nothing_behind()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => SendAsync(HttpMethod.Post, "/v1/analyses", new ByteArrayContent(Png), most: 3)));

        Assert.Equal(3, answers.Count(answer => answer.StatusCode == HttpStatusCode.Accepted));
        await IsRefusedAsync(answers.First(answer => answer.StatusCode != HttpStatusCode.Accepted));
        Assert.Equal(3, _host.Uploads().Count);
        Assert.Equal(3, await _host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        Assert.Equal(HttpStatusCode.Accepted, (await _host.PostRawAsync(Png, headers: [(IngestHost.TenantHeader, "other"), (IngestHost.ConcurrencyHeader, "4")])).StatusCode);
    }

    [Theory]
    [InlineData("raw")]
    [InlineData("form")]
    [InlineData("address")]
    [InlineData("/api/analyze")]
    [InlineData("/predict")]
    [InlineData("/predict/image")]
    public async Task A_file_that_is_one_too_many_is_refused_and_leaves_nothing(string way)
    {
        await OccupyAsync();

        using var answer = await SubmitAsync(way);

        await IsRefusedAsync(answer);
        Assert.Single(_host.Uploads());
        await FreeAsync();
        Assert.Equal(HttpStatusCode.Accepted, (await SubmitAsync(way)).StatusCode);
    }

    [Fact]
    public async Task A_direct_upload_that_is_one_too_many_is_kept_and_submitted_later()
    {
        await OccupyAsync();
        using var created = await SendAsync(HttpMethod.Post, "/v1/uploads/direct", Json(new { size_bytes = Png.Length }));
        var upload = JsonDocument.Parse(await created.Content.ReadAsStringAsync()).RootElement;
        using var put = await _host.Client.PutAsync(new Uri(upload.GetProperty("url").GetString()!), new ByteArrayContent(Png));
        Assert.True(put.IsSuccessStatusCode);
        var id = upload.GetProperty("upload_id").GetString();

        using var refused = await SendAsync(HttpMethod.Post, "/v1/analyses", Json(new { upload_id = id }));

        await IsRefusedAsync(refused);
        await FreeAsync();
        using var accepted = await SendAsync(HttpMethod.Post, "/v1/analyses", Json(new { upload_id = id }));
        await Answers.IsAcceptedAsync(accepted);
    }

    [Fact]
    public async Task A_resumable_upload_that_is_one_too_many_is_kept_and_submits_itself_when_asked_again()
    {
        await OccupyAsync();
        using var created = await SendAsync(HttpMethod.Post, "/v1/uploads", null, ("Upload-Length", $"{Png.Length}"), ("Upload-Metadata", "analyze dHJ1ZQ=="));
        var address = created.Headers.Location!.OriginalString;

        using var refused = await SendAsync(HttpMethod.Patch, address, Piece(Png), ("Upload-Offset", "0"));

        await IsRefusedAsync(refused);
        Assert.Equal(1, await _host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        await FreeAsync();
        using var asked = await SendAsync(HttpMethod.Head, address, null);
        Assert.Equal(HttpStatusCode.OK, asked.StatusCode);
        Assert.Matches("^/v1/analyses/an_", asked.Headers.GetValues(TusEndpoints.AnalysisHeader).Single());
        Assert.Equal(1, await _host.Analyses.CountUnfinishedAsync(CancellationToken.None));
    }

    [Fact]
    public async Task Files_of_a_batch_wait_for_their_turn()
    {
        await OccupyAsync();

        using var answer = await SendAsync(HttpMethod.Post, "/v1/batches", new MultipartFormDataContent { { new ByteArrayContent(Png), "file", "a.png" } });

        var batch = JsonSerializer.Deserialize<Batch>(await answer.Content.ReadAsStringAsync(), DeepfakeJson.Options)!;
        Assert.Equal((HttpStatusCode.Accepted, BatchItemStatus.Pending), (answer.StatusCode, batch.Items![0].Status));
        Assert.Equal(1, await _host.Analyses.CountUnfinishedAsync(CancellationToken.None));
        await FreeAsync();
        await Eventually.TrueAsync(async () => await _host.Analyses.CountUnfinishedAsync(CancellationToken.None) == 1, "its turn has come");
    }

    private Task<HttpResponseMessage> SubmitAsync(string way) => way switch
    {
        "raw" => SendAsync(HttpMethod.Post, "/v1/analyses", new ByteArrayContent(Png)),
        "form" => SendAsync(HttpMethod.Post, "/v1/analyses", new MultipartFormDataContent { { new ByteArrayContent(Png), "file", "a.png" } }),
        "address" => SendAsync(HttpMethod.Post, "/v1/analyses", Json(new { url = $"{_origin.Urls.First()}/a.png" })),
        _ => SendAsync(HttpMethod.Post, way, new MultipartFormDataContent { { new ByteArrayContent(Png), "file", "a.png" } }),
    };

    /// <summary>Takes the one place of the key.</summary>
    private async Task OccupyAsync() => await Answers.IsAcceptedAsync(await SubmitAsync("raw"));

    /// <summary>Gives it back.</summary>
    private async Task FreeAsync()
    {
        foreach (var state in await _host.Analyses.FindUnfinishedAsync(10, CancellationToken.None))
        {
            var over = IngestService.Submission.Submitter.Accepted(state.Record) with { Status = AnalysisStatus.Failed, Stage = Stage.Done };
            Assert.True(await _host.Analyses.TryFinishAsync(state.Record.Id, over, CancellationToken.None));
        }
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, params (string Key, string Value)[] headers) => SendAsync(method, path, content, 1, headers);

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? content, int most, params (string Key, string Value)[] headers)
    {
        var request = new HttpRequestMessage(method, path) { Content = content };
        foreach (var (key, value) in (ReadOnlySpan<(string, string)>)[.. headers, (IngestHost.TenantHeader, "acme"), (IngestHost.ConcurrencyHeader, $"{most}"), ("Tus-Resumable", "1.0.0")]) request.Headers.Add(key, value);
        return _host.Client.SendAsync(request);
    }

    private static StringContent Json(object body) => new(JsonSerializer.Serialize(body), null, "application/json");

    private static ByteArrayContent Piece(byte[] bytes) => new(bytes) { Headers = { ContentType = new MediaTypeHeaderValue("application/offset+octet-stream") } };

    private static async Task IsRefusedAsync(HttpResponseMessage answer)
    {
        await Answers.IsProblemAsync(answer, 429, ErrorCodes.RateLimited);
        Assert.NotNull(answer.Headers.RetryAfter);
    }
}
