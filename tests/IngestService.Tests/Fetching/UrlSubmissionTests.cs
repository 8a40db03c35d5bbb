using System.Text;
using Deepfake.Contracts;
using Deepfake.IngestService.Idempotency;
using Deepfake.IngestService.Submission;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Deepfake.IngestService.Tests.Fetching;

/// <summary>Files from a server that is allowed by configuration: 127.0.0.1 is, 127.0.0.2 is not.</summary>
public sealed class UrlSubmissionTests : IAsyncLifetime
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private readonly CancellationTokenSource _stop = new();
    private WebApplication _origin = null!;
    private IngestHost _host = null!;
    private int _requests;

    private string Origin => _origin.Urls.First();

    private int Port => new Uri(Origin).Port;

    public async Task InitializeAsync()
    {
        var builder = WebApplication.CreateBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        _origin = builder.Build();
        _origin.MapGet("/{**path}", AnswerAsync);
        await _origin.StartAsync();
        _host = await IngestHost.StartAsync(null, [.. Allowed, ("Ingest:MaxBytes", "200000"), ("Ingest:UrlTimeout", "00:00:05")]);
    }

    public async Task DisposeAsync()
    {
        await _stop.CancelAsync();
        await _host.DisposeAsync();
        await _origin.DisposeAsync();
    }

    [Theory]
    [InlineData("/photo%20%C3%BC.jpg", null, "photo ü.jpg")]
    [InlineData("/photo.jpg?x=/y.png", "mine.jpg", "mine.jpg")]
    [InlineData("/named", null, "b.jpg")]
    [InlineData("/", null, null)]
    [InlineData("/redirect/5/photo.jpg", null, "photo.jpg")]
    public async Task A_file_is_fetched_and_accepted(string path, string? name, string? expected)
    {
        using var response = await _host.PostJsonAsync("/v1/analyses?lane=batch", new { url = Origin + path, file_name = name, reference = "r", metadata = new { a = "b" }, heat_maps = false });

        var analysis = await Answers.IsAcceptedAsync(response);
        Assert.Equal((expected, "r", MediaFormat.Jpeg, Jpeg.LongLength), (analysis.FileName, analysis.Reference, analysis.Media.Format, analysis.Media.SizeBytes));
        Assert.Equal(("b", false), (analysis.Metadata["a"], analysis.Options.HeatMaps));
        Assert.Equal(Lane.Batch, (await _host.Inbox.WaitForAsync(analysis.Id)).Message.Lane);
    }

    [Theory]
    [InlineData("/redirect/6/photo.jpg", ErrorCodes.UrlUnreachable)]
    [InlineData("/status/404", ErrorCodes.UrlUnreachable)]
    [InlineData("/status/206", ErrorCodes.UrlUnreachable)]
    [InlineData("/status/304", ErrorCodes.UrlUnreachable)]
    [InlineData("/status/500", ErrorCodes.UrlUnreachable)]
    [InlineData("/nowhere", ErrorCodes.UrlUnreachable)]
    [InlineData("/cut", ErrorCodes.UrlUnreachable)]
    [InlineData("/gzip", ErrorCodes.UrlUnreachable)]
    [InlineData("/to?http://127.0.0.2:{port}/", ErrorCodes.UrlNotAllowed)]
    [InlineData("/to?https://169.254.169.254/", ErrorCodes.UrlNotAllowed)]
    [InlineData("/to?//2130706434/", ErrorCodes.UrlNotAllowed)]
    [InlineData("/to?https://user@example.org/", ErrorCodes.UrlNotAllowed)]
    [InlineData("/to?file:///etc/passwd", ErrorCodes.UrlNotAllowed)]
    [InlineData("/to?http://[::1]:{port}/", ErrorCodes.UrlNotAllowed)]
    [InlineData("/to?\\\\127.0.0.2/", ErrorCodes.UrlNotAllowed)]
    public async Task What_cannot_be_fetched_leaves_nothing(string path, string code)
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { url = Origin + path.Replace("{port}", $"{Port}", StringComparison.Ordinal) });

        var problem = await Answers.IsProblemAsync(response, 422, code);
        Assert.DoesNotContain("127.0.0", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        await _host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("/text", 415, ErrorCodes.UnsupportedMedia)]
    [InlineData("/playlist", 415, ErrorCodes.PlaylistRejected)]
    [InlineData("/empty", 400, ErrorCodes.EmptyBody)]
    [InlineData("/large", 413, ErrorCodes.TooLarge)]
    [InlineData("/endless", 413, ErrorCodes.TooLarge)]
    public async Task What_comes_is_held_to_the_rules_of_every_file(string path, int status, string code)
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { url = Origin + path });

        await Answers.IsProblemAsync(response, status, code);
        await _host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("/slow")]
    [InlineData("/silent")]
    public async Task What_is_too_slow_ends_in_time(string path)
    {
        await using var host = await IngestHost.StartAsync(null, [.. Allowed, ("Ingest:UrlTimeout", "00:00:00.500")]);

        using var response = await host.PostJsonAsync("/v1/analyses", new { url = Origin + path });

        await Answers.IsProblemAsync(response, 422, ErrorCodes.UrlUnreachable);
        await host.AssertNothingLeftAsync();
    }

    [Fact]
    public async Task Nobody_listens()
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { url = "http://127.0.0.1/" });

        await Answers.IsProblemAsync(response, 422, ErrorCodes.UrlUnreachable);
    }

    [Fact]
    public async Task A_replay_fetches_nothing()
    {
        var body = new { url = Origin + "/photo.jpg", reference = "r" };
        var first = await Answers.IsAcceptedAsync(await _host.PostJsonAsync("/v1/analyses", body, (IdempotencyKey.Header, "k")));
        var requests = _requests;

        using var again = await _host.PostJsonAsync("/v1/analyses", body, (IdempotencyKey.Header, "k"));

        Assert.Equal(first.Id, (await Answers.IsAcceptedAsync(again)).Id);
        Assert.True(again.Headers.Contains(SubmitEndpoint.ReplayedHeader));
        Assert.Equal(requests, _requests);
        await Answers.IsProblemAsync(await _host.PostJsonAsync("/v1/analyses", new { url = Origin + "/other.jpg", reference = "r" }, (IdempotencyKey.Header, "k")), 422, ErrorCodes.IdempotencyKeyReused);
    }

    [Fact]
    public async Task Many_requests_with_one_key_fetch_a_few_times_and_make_one_analysis()
    {
        var answers = await Task.WhenAll(Enumerable.Range(0, 200).Select(_ => _host.PostJsonAsync("/v1/analyses", new { url = Origin + "/photo.jpg" }, (IdempotencyKey.Header, "k"))));

        Assert.Single((await Task.WhenAll(answers.Select(Answers.IsAcceptedAsync))).Select(analysis => analysis.Id).Distinct());
        Assert.InRange(_requests, 1, 16);
        Assert.Single(_host.Uploads());
    }

    [Theory]
    [InlineData("{\"url\":5}")]
    [InlineData("{\"url\":null}")]
    [InlineData("{}")]
    [InlineData("{\"url\":\"https://example.org/\",\"upload_id\":\"up_x\"}")]
    [InlineData("{\"url\":\"\\ud800\"}")]
    [InlineData("{\"url\":\"https://example.org/\",\"lane\":5}")]
    [InlineData("\"https://example.org/\"")]
    [InlineData("{\"url\":")]
    [InlineData("\u00ff")]
    public async Task A_body_that_is_no_submission_is_refused(string json)
    {
        using var content = new StringContent(json, Encoding.Latin1, "application/json");

        await Answers.IsProblemAsync(await _host.Client.PostAsync("/v1/analyses", content), 400, ErrorCodes.InvalidRequest);
    }

    private static (string Key, string Value)[] Allowed => [("Outbound:AllowedNetworks", "127.0.0.1/32"), ("Ingest:UrlPorts", "any")];

    private async Task AnswerAsync(HttpContext http)
    {
        Interlocked.Increment(ref _requests);
        var (request, response) = (http.Request, http.Response);
        Assert.False(request.Headers.ContainsKey("traceparent"));
        var path = request.Path.Value!;
        if (path.StartsWith("/redirect/", StringComparison.Ordinal))
        {
            var rest = path.Split('/', 4);
            var left = int.Parse(rest[2]);
            response.Redirect(left == 1 ? $"/{rest[3]}" : $"../{left - 1}/{rest[3]}", permanent: left % 2 == 0, preserveMethod: left > 3);
            return;
        }

        switch (path)
        {
            case "/to":
                response.StatusCode = 302;
                response.Headers.Location = request.QueryString.Value![1..];
                return;
            case "/nowhere":
                response.StatusCode = 302;
                return;
            case "/named":
                response.Headers.ContentDisposition = "attachment; filename=\"../b.jpg\"";
                break;
            case "/gzip":
                response.Headers.ContentEncoding = "gzip";
                break;
            case "/cut":
                response.ContentLength = Jpeg.Length + 100;
                await response.Body.WriteAsync(Jpeg);
                await response.Body.FlushAsync();
                http.Abort();
                return;
            case "/text":
                await response.WriteAsync("hello");
                return;
            case "/playlist":
                await response.WriteAsync("#EXTM3U\nfile:///etc/passwd\n");
                return;
            case "/empty":
                return;
            case "/large":
                response.ContentLength = 200_001;
                await response.Body.WriteAsync(Jpeg);
                await response.Body.FlushAsync();
                await HangAsync(http);
                return;
            case "/endless":
                await response.Body.WriteAsync(Jpeg);
                while (!http.RequestAborted.IsCancellationRequested) await response.Body.WriteAsync(new byte[10_000]);
                return;
            case "/slow":
                await response.Body.WriteAsync(Jpeg);
                await response.Body.FlushAsync();
                await HangAsync(http);
                return;
            case "/silent":
                await HangAsync(http);
                return;
            case var status when status.StartsWith("/status/", StringComparison.Ordinal):
                response.StatusCode = int.Parse(status["/status/".Length..]);
                return;
        }

        await response.Body.WriteAsync(Jpeg);
    }

    private async Task HangAsync(HttpContext http)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(_stop.Token, http.RequestAborted);
        await Task.Delay(Timeout.Infinite, stop.Token).ContinueWith(_ => { }, TaskScheduler.Default);
    }
}
