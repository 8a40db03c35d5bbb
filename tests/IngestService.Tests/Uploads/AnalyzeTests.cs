using System.Net;
using System.Net.Http.Headers;
using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Analyses;
using Deepfake.IngestService.Uploads;
using StackExchange.Redis;

namespace Deepfake.IngestService.Tests.Uploads;

/// <summary>Uploads that are to be analysed as soon as they are complete.</summary>
public sealed class AnalyzeTests
{
    private static readonly byte[] Jpeg = SampleMedia.Make("jpg:-frames:v 1");
    private static readonly (string, string)[] OneAtATime = [(IngestHost.TenantHeader, "acme"), (IngestHost.ConcurrencyHeader, "1")];

    [Fact]
    public async Task An_upload_that_came_over_the_limit_is_analysed_when_there_is_room()
    {
        await using var host = await IngestHost.StartAsync();
        var first = await Answers.IsAcceptedAsync(await host.PostRawAsync(Jpeg, headers: OneAtATime));
        var url = await CreateAsync(host, OneAtATime);

        await Answers.IsProblemAsync(await PatchAsync(host, url, OneAtATime), 429, ErrorCodes.RateLimited);
        using var full = await SendAsync(host, "HEAD", url, OneAtATime);
        Assert.Equal((HttpStatusCode.TooManyRequests, null), (full.StatusCode, Analysis(full)));
        Assert.NotNull(full.Headers.RetryAfter);

        await host.Analyses.DeleteAsync("acme", first.Id, CancellationToken.None);
        using var head = await SendAsync(host, "HEAD", url, OneAtATime);
        Assert.Equal((HttpStatusCode.OK, $"{Jpeg.Length}"), (head.StatusCode, Assert.Single(head.Headers.GetValues("Upload-Offset"))));
        Assert.NotNull(await host.Analyses.FindAsync("acme", Analysis(head)!["/v1/analyses/".Length..], CancellationToken.None));
    }

    [Theory]
    [InlineData("HEAD")]
    [InlineData("PATCH")]
    public async Task A_submission_that_died_before_the_record_is_made_up_for_when_the_client_comes_back(string method)
    {
        await using var host = await IngestHost.StartAsync();
        var url = await CreateAsync(host);
        host.Breaks.Analyses.Add(nameof(IAnalysisStore.CreateAsync));
        await Answers.IsProblemAsync(await PatchAsync(host, url), 503, ErrorCodes.Unavailable);
        host.Breaks.Analyses.Clear();

        using var answer = method == "HEAD" ? await SendAsync(host, "HEAD", url) : await PatchAsync(host, url, offset: Jpeg.Length);

        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}");
        var (message, _) = await host.Inbox.WaitForAsync(Analysis(answer)!["/v1/analyses/".Length..]);
        Assert.Equal(Jpeg.Length, message.SizeBytes);
    }

    [Fact]
    public async Task An_upload_names_its_analysis_again_and_again_but_not_when_it_was_deleted()
    {
        await using var host = await IngestHost.StartAsync();
        var url = await CreateAsync(host);
        using var last = await PatchAsync(host, url);
        using var head = await SendAsync(host, "HEAD", url);
        Assert.NotNull(Analysis(last));
        Assert.Equal(Analysis(last), Analysis(head));

        var id = Analysis(last)!["/v1/analyses/".Length..];
        await host.Analyses.DeleteAsync("default", id, CancellationToken.None);
        await host.Objects.DeletePrefixAsync($"default/{id}/", CancellationToken.None);
        using var deleted = await SendAsync(host, "HEAD", url);
        Assert.Equal((HttpStatusCode.OK, null), (deleted.StatusCode, Analysis(deleted)));
    }

    [Fact]
    public async Task An_upload_keeps_nothing_of_a_file_whose_analysis_was_deleted()
    {
        await using var host = await IngestHost.StartAsync();
        string[] secrets = ["secret.jpg", "case-7", Convert.ToHexStringLower(SHA256.HashData(Jpeg))];
        var url = await CreateAsync(host, "secret.jpg", "case-7");
        var complete = await PatchAsync(host, url);
        var id = Analysis(complete)!["/v1/analyses/".Length..];
        var status = await host.Client.GetStringAsync(url);
        Assert.All(new[] { secrets[0], secrets[2], id }, text => Assert.Contains(text, status, StringComparison.Ordinal));

        await host.Analyses.DeleteAsync("default", id, CancellationToken.None);
        await host.Objects.DeletePrefixAsync($"default/{id}/", CancellationToken.None);

        var document = (await host.Documents<Upload>().FindAsync("default", url["/v1/uploads/".Length..], CancellationToken.None))!;
        using var head = await SendAsync(host, "HEAD", url);
        var left = JsonSerializer.Serialize(document.Value, DeepfakeJson.Options) + await host.Client.GetStringAsync(url) + head.Headers;
        Assert.All(secrets.Append(Base64("secret.jpg")), text => Assert.DoesNotContain(text, left, StringComparison.Ordinal));
    }

    [Theory]
    [InlineData("LOADING Redis is loading the dataset in memory")]
    [InlineData("READONLY You can't write against a read only replica.")]
    [InlineData("OOM command not allowed when used memory > 'maxmemory'.")]
    public async Task A_store_that_cannot_now_is_no_defect_of_ours(string answer)
    {
        await using var host = await IngestHost.StartAsync();
        var url = await CreateAsync(host);
        await PatchAsync(host, url);
        host.Breaks.Analyses.Failure = _ =>
            (Exception)Activator.CreateInstance(typeof(RedisServerException), BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic, null, [answer], null)!;
        host.Breaks.Analyses.Add(nameof(IAnalysisStore.FindAsync));

        using var status = await SendAsync(host, "GET", url);
        await Answers.IsProblemAsync(status, 503, ErrorCodes.Unavailable);
        using var head = await SendAsync(host, "HEAD", url);
        Assert.Equal((HttpStatusCode.ServiceUnavailable, true), (head.StatusCode, head.Headers.RetryAfter is not null));
    }

    private static Task<string> CreateAsync(IngestHost host, params (string Name, string Value)[] headers) => CreateAsync(host, null, null, headers);

    private static async Task<string> CreateAsync(IngestHost host, string? fileName, string? reference, params (string Name, string Value)[] headers)
    {
        var metadata = $"analyze {Base64("true")}";
        if (fileName is not null) metadata += $",filename {Base64(fileName)},reference {Base64(reference!)}";
        using var created = await SendAsync(host, "POST", "/v1/uploads", [("Upload-Length", $"{Jpeg.Length}"), ("Upload-Metadata", metadata), .. headers]);
        Assert.Equal(HttpStatusCode.Created, created.StatusCode);
        return created.Headers.Location!.OriginalString;
    }

    private static async Task<HttpResponseMessage> PatchAsync(IngestHost host, string url, (string Name, string Value)[]? headers = null, int offset = 0)
    {
        var piece = new ByteArrayContent(Jpeg[offset..]) { Headers = { ContentType = MediaTypeHeaderValue.Parse(TusEndpoints.PieceType) } };
        return await SendAsync(host, "PATCH", url, [("Upload-Offset", $"{offset}"), .. headers ?? []], piece);
    }

    private static async Task<HttpResponseMessage> SendAsync(IngestHost host, string method, string url, (string Name, string Value)[]? headers = null, HttpContent? body = null)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), url) { Content = body };
        request.Headers.Add("Tus-Resumable", "1.0.0");
        foreach (var (name, value) in headers ?? []) request.Headers.TryAddWithoutValidation(name, value);
        return await host.Client.SendAsync(request);
    }

    private static string Base64(string text) => Convert.ToBase64String(Encoding.UTF8.GetBytes(text));

    private static string? Analysis(HttpResponseMessage answer) => answer.Headers.TryGetValues(TusEndpoints.AnalysisHeader, out var values) ? values.Single() : null;
}
