using System.Net;
using Deepfake.Contracts;

namespace Deepfake.Client.Tests;

public sealed class ConnectionTests
{
    [Fact]
    public async Task A_busy_service_is_asked_again_when_it_says_so_and_the_submission_stays_one()
    {
        await using var stub = await StubService.StartAsync((attempt, context) => attempt switch
        {
            1 => context.ProblemAsync(503, ErrorCodes.BacklogFull, retryAfter: "0"),
            2 => context.ProblemAsync(429, "rate_limited", retryAfter: "0"),
            _ => context.JsonAsync(Answers.Running, 202),
        });
        using var client = stub.Client(key: "dfk_test");
        using var file = new TemporaryFile([1, 2, 3]);

        var analysis = await client.SubmitFileAsync(file.Path, new SubmitOptions { Lane = Lane.Batch, Retention = TimeSpan.FromDays(7), Metadata = new Dictionary<string, string> { ["case"] = "7 & 8" }, FileName = "Ünïcode 1.png" });

        Assert.Equal("an_1", analysis.Id);
        Assert.Equal(3, stub.Requests.Count);
        Assert.Single(stub.Requests.Select(request => request.Headers["idempotency-key"]).Distinct());
        var (line, headers) = stub.Requests.First();
        Assert.Equal("POST /v1/analyses?lane=batch&retention=P7D&metadata=%7B%22case%22%3A%227%20%5Cu0026%208%22%7D", line);
        Assert.Equal(("Bearer dfk_test", "%C3%9Cn%C3%AFcode%201.png", "3", "application/octet-stream"), (headers["authorization"], headers["x-filename"], headers["content-length"], headers["content-type"]));
    }

    [Fact]
    public async Task Patience_ends_and_the_refusal_is_told_with_its_code()
    {
        await using var stub = await StubService.StartAsync((_, context) => context.ProblemAsync(503, ErrorCodes.BacklogFull, retryAfter: "0"));
        using var client = stub.Client(new DeepfakeClientOptions { Retries = 2 });
        var refusal = await Assert.ThrowsAsync<DeepfakeApiException>(() => client.GetAsync("an_1"));
        Assert.Equal((HttpStatusCode.ServiceUnavailable, "backlog_full", "Because.", "4bf9"), (refusal.Status, refusal.Code, refusal.Message, refusal.TraceId));
        Assert.Equal(3, stub.Requests.Count);
    }

    [Theory]
    [InlineData(400, "invalid_request", 1)]
    [InlineData(404, "not_found", 1)]
    [InlineData(500, "internal_error", 1)]
    [InlineData(503, "unavailable", 1)]
    public async Task What_cannot_pass_or_may_not_be_done_twice_is_not_repeated(int status, string code, int requests)
    {
        await using var stub = await StubService.StartAsync((_, context) => context.ProblemAsync(status, code));
        using var client = stub.Client();
        Assert.Equal(code, (await Assert.ThrowsAsync<DeepfakeApiException>(() => client.CancelAsync("an_1"))).Code);
        Assert.Equal(requests, stub.Requests.Count);
    }

    [Fact]
    public async Task A_wait_that_is_longer_than_the_caller_wants_is_the_callers()
    {
        await using var stub = await StubService.StartAsync((_, context) => context.ProblemAsync(503, "unavailable", retryAfter: "3600"));
        using var client = stub.Client();
        Assert.Equal(TimeSpan.FromHours(1), (await Assert.ThrowsAsync<DeepfakeApiException>(() => client.GetAsync("an_1"))).RetryAfter);
        Assert.Single(stub.Requests);
    }

    [Theory]
    [InlineData("<html>captive portal</html>", "text/html")]
    [InlineData("null", "application/json")]
    [InlineData("{}", "application/json")]
    [InlineData("{\"id\":", "application/json")]
    public async Task An_answer_of_something_else_is_said_to_be_one(string body, string type)
    {
        await using var stub = await StubService.StartAsync(async (_, context) =>
        {
            context.Response.ContentType = type;
            await Microsoft.AspNetCore.Http.HttpResponseWritingExtensions.WriteAsync(context.Response, body);
        });
        using var client = stub.Client();
        Assert.Equal(DeepfakeApiException.Unreachable, (await Assert.ThrowsAsync<DeepfakeApiException>(() => client.GetAsync("an_1"))).Code);
    }

    [Fact]
    public async Task Words_of_a_newer_service_do_not_stop_an_older_client()
    {
        var json = Answers.Completed.Replace("authentic", "synthetic", StringComparison.Ordinal).Replace("\"done\"", "\"sealed\",\"new_thing\":{\"a\":1}", StringComparison.Ordinal);
        await using var stub = await StubService.StartAsync((_, context) => context.JsonAsync(json));
        using var client = stub.Client();
        var analysis = await client.GetAsync("an_1");
        Assert.Equal((null, Stage.Queued, AnalysisStatus.Completed), (analysis.Verdict, analysis.Stage, analysis.Status));
    }

    [Fact]
    public async Task A_list_is_read_page_by_page()
    {
        const string Item = """{"id":"an_ID","status":"completed","sha256":"00","created_at":"2026-01-01T00:00:00Z"}""";
        await using var stub = await StubService.StartAsync((page, context) => context.JsonAsync(
            $$"""{"items":[{{Item.Replace("ID", page.ToString(), StringComparison.Ordinal)}}],"next_cursor":{{(page < 3 ? $"\"c{page}\"" : "null")}}}"""));
        using var client = stub.Client();
        var ids = new List<string>();
        await foreach (var item in client.ListAsync(new AnalysisQuery { Verdict = Verdict.Manipulated, MinScore = 12.5 })) ids.Add(item.Id);
        Assert.Equal(["an_1", "an_2", "an_3"], ids);
        Assert.Equal("GET /v1/analyses?limit=200&cursor=c2&verdict=manipulated&min_score=12.5", stub.Requests.Last().Line);
    }
}

/// <summary>A file that goes away.</summary>
internal sealed class TemporaryFile : IDisposable
{
    public TemporaryFile(byte[] content, string extension = ".bin")
    {
        Path = System.IO.Path.Combine(System.IO.Path.GetTempPath(), "deepfake-client-" + Guid.NewGuid().ToString("N") + extension);
        File.WriteAllBytes(Path, content);
    }

    public string Path { get; }

    public void Dispose() => File.Delete(Path);
}
