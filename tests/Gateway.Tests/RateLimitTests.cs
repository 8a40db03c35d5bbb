using System.Globalization;
using System.Net;
using Deepfake.Contracts;
using Deepfake.Gateway.RateLimiting;
using Deepfake.Infrastructure.Limits;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.Gateway.Tests;

public sealed class RateLimitTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private readonly IdentityHost _host = fixture.Host;

    [Fact]
    public async Task Exactly_the_burst_passes_and_the_rest_is_told_when_to_come_back()
    {
        var client = await ClientAsync(new { requests_per_second = 0.001, burst = 25 });

        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(_ => client.GetAsync("/v1/analyses")));

        Assert.Equal(25, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        var refused = answers.First(answer => answer.StatusCode != HttpStatusCode.OK);
        var problem = await ProblemAssert.IsAsync(refused, 429, ErrorCodes.RateLimited);
        Assert.Contains("25 at once", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.InRange(refused.Headers.RetryAfter!.Delta!.Value.TotalSeconds, 900, 1000);
        Assert.Equal("\"requests\";q=25;w=25000", Header(refused, "RateLimit-Policy"));
        Assert.Matches("^\"requests\";r=0;t=2\\d{4}$", Header(refused, "RateLimit"));
        Assert.Equal(Enumerable.Range(0, 25), answers.Where(answer => answer.IsSuccessStatusCode).Select(Remaining).Order());
    }

    [Fact]
    public async Task A_key_without_limits_of_its_own_has_those_of_the_settings()
    {
        var client = await ClientAsync(null);

        using var response = await client.GetAsync("/v1/me");

        Assert.Equal("\"requests\";q=200;w=2", Header(response, "RateLimit-Policy"));
        Assert.Equal(199, Remaining(response));
    }

    [Fact]
    public async Task A_limit_of_zero_is_none()
    {
        var client = await ClientAsync(new { requests_per_second = 0 });

        using var response = await client.GetAsync("/v1/me");

        Assert.False(response.Headers.Contains("RateLimit"));
    }

    [Fact]
    public async Task All_keys_of_a_tenant_share_the_tenants_limit()
    {
        await using var host = await IdentityHost.StartAsync(("Limits:Tenants:acme:RequestsPerSecond", "0.001"), ("Limits:Tenants:acme:Burst", "10"));
        var first = host.Client((await host.NewKeyAsync("acme", [Scopes.Read])).Key);
        var second = host.Client((await host.NewKeyAsync("acme", [Scopes.Read])).Key);
        var other = host.Client((await host.NewKeyAsync("other", [Scopes.Read])).Key);

        var answers = await Task.WhenAll(Enumerable.Range(0, 30).Select(i => (i % 2 == 0 ? first : second).GetAsync("/v1/analyses")));

        Assert.Equal(10, answers.Count(answer => answer.IsSuccessStatusCode));
        Assert.Contains("of the tenant", (await ProblemAssert.IsAsync(answers.First(answer => !answer.IsSuccessStatusCode), 429, ErrorCodes.RateLimited)).GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/v1/analyses")).StatusCode);
    }

    [Fact]
    public async Task An_analysis_that_was_waited_for_and_failed_has_counted()
    {
        var client = await ClientAsync(new { requests_per_second = 0, uploads_per_day = 2 });

        Assert.Equal(422, (int)(await client.PostAsync("/predict", new StringContent("fail"))).StatusCode);
        Assert.Equal(404, (int)(await client.PostAsync("/predict", new StringContent("refuse"))).StatusCode);
        Assert.Equal(422, (int)(await client.PostAsync("/predict", new StringContent("fail"))).StatusCode);
        Assert.Equal(429, (int)(await client.PostAsync("/predict", new StringContent("fail"))).StatusCode);
    }

    [Fact]
    public async Task Uploads_a_day_count_only_what_was_taken_in()
    {
        var client = await ClientAsync(new { requests_per_second = 0, uploads_per_day = 3 });

        Assert.Equal("200 404 200 404 200 429 429", await EachAsync("ok", "refuse", "ok", "refuse", "ok", "ok", "refuse"));
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/analyses")).StatusCode);

        async Task<string> EachAsync(params string[] bodies)
        {
            var statuses = new List<int>();
            foreach (var body in bodies)
            {
                using var response = await client.PostAsync("/v1/analyses", new StringContent(body));
                statuses.Add((int)response.StatusCode);
            }

            return string.Join(' ', statuses);
        }
    }

    [Fact]
    public async Task An_upload_whose_client_hangs_up_before_the_answer_counts()
    {
        var client = await ClientAsync(new { requests_per_second = 0, uploads_per_day = 1 });
        using var patience = new CancellationTokenSource();
        var first = client.PostAsync("/v1/analyses", new StringContent("wait"), patience.Token);
        Assert.True(await _host.Waits.WaitAsync(TimeSpan.FromSeconds(30)));
        await patience.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first);

        // Were it given back, then some time after the client is gone.
        for (var i = 0; i < 10; i++)
        {
            using var answer = await client.PostAsync("/v1/analyses", new StringContent("ok"));
            await ProblemAssert.IsAsync(answer, 429, ErrorCodes.RateLimited);
        }
    }

    [Theory]
    [InlineData("POST", "/v1/analyses", "", true)]
    [InlineData("POST", "/v1/Analyses/", "", true)]
    [InlineData("POST", "/v1/batches", "", true)]
    [InlineData("POST", "/predict/video", "", true)]
    [InlineData("POST", "/v1/uploads", "filename YS5qcGc=,analyze dHJ1ZQ==", true)]
    [InlineData("POST", "/v1/uploads", "filename YS5qcGc=", false)]
    [InlineData("GET", "/v1/analyses", "", false)]
    [InlineData("POST", "/v1/analyses/an_1/cancel", "", false)]
    [InlineData("PATCH", "/v1/uploads/up_1", "", false)]
    public void What_begins_an_analysis_counts_as_an_upload(string method, string path, string metadata, bool counts)
    {
        var context = new DefaultHttpContext();
        (context.Request.Method, context.Request.Path) = (method, path);
        context.Request.Headers["Upload-Metadata"] = metadata;

        Assert.Equal(counts, Submissions.Contains(context.Request));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Bytes_a_day_count_bodies_whether_their_length_is_announced_or_not(bool chunked)
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Write], new { requests_per_second = 0, bytes_per_day = 100_000 });
        var client = _host.Client(key);
        var limiter = _host.Gateway.Services.GetRequiredService<ILimiter>();

        await SendAsync(60_000, chunked, left: 40_000);
        await SendAsync(35_000, chunked, left: 5_000);
        using var tooMuch = await PostAsync(5_001, false);
        await ProblemAssert.IsAsync(tooMuch, 429, ErrorCodes.RateLimited);
        await SendAsync(5_000, chunked, left: 0);
        using var over = await PostAsync(1, chunked);
        var problem = await ProblemAssert.IsAsync(over, 429, ErrorCodes.RateLimited);
        Assert.Contains("100000 bytes a day", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Equal("\"bytes\";q=100000;w=86400;qu=\"content-bytes\"", Header(over, "RateLimit-Policy"));

        // What a body of unknown length was is counted behind it, when the answer may be here already.
        async Task SendAsync(int length, bool unannounced, long left)
        {
            using var response = await PostAsync(length, unannounced);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
            using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
            while ((await limiter.TakeAsync([new LimitClaim($"k:{id}:bytes", LimitKind.Day, 100_000, 100_001)], deadline.Token)).States[0].Remaining != left)
                await Task.Delay(10, deadline.Token);
        }

        async Task<HttpResponseMessage> PostAsync(int length, bool unannounced)
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/probe") { Content = new ByteArrayContent(new byte[length]) };
            request.Headers.TransferEncodingChunked = unannounced;
            return await client.SendAsync(request);
        }
    }

    [Fact]
    public async Task Who_needs_no_key_has_no_limits()
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync("{}"));
        await using var gateway = await GatewayHost.StartAsync(backend, backend, ("Limits:Key:RequestsPerSecond", "0.001"), ("Limits:Key:Burst", "1"));

        for (var i = 0; i < 5; i++)
        {
            using var response = await gateway.Client.GetAsync("/v1/analyses");
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Fact]
    public async Task A_limit_that_makes_no_sense_is_named_at_start()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => IdentityHost.StartAsync(("Limits:Tenants:acme:Burst", "-1")));

        Assert.Contains("Burst", error.Message, StringComparison.Ordinal);
    }

    private async Task<HttpClient> ClientAsync(object? limits) => _host.Client((await _host.NewKeyAsync("acme", [Scopes.Read, Scopes.Write], limits)).Key);

    private static int Remaining(HttpResponseMessage response) => int.Parse(Header(response, "RateLimit").Split(";r=")[1].Split(';')[0], CultureInfo.InvariantCulture);

    private static string Header(HttpResponseMessage response, string name) => string.Join(", ", response.Headers.GetValues(name));
}
