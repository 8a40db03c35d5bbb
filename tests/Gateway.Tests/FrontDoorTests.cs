using System.Net;
using System.Text.Json;
using Deepfake.Contracts;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Gateway.Tests;

public sealed class FrontDoorTests : IAsyncLifetime
{
    private readonly string _page = Directory.CreateTempSubdirectory("page-").FullName;
    private Backend _backend = null!;
    private GatewayHost _gateway = null!;

    public async Task InitializeAsync()
    {
        Directory.CreateDirectory(Path.Combine(_page, "assets"));
        await File.WriteAllTextAsync(Path.Combine(_page, "index.html"), "<!doctype html><title>the page</title>");
        await File.WriteAllTextAsync(Path.Combine(_page, "icon.svg"), "<svg xmlns=\"http://www.w3.org/2000/svg\"/>");
        await File.WriteAllTextAsync(Path.Combine(_page, "assets", "index-abc123.js"), new string('x', 5000));
        _backend = await Backend.StartAsync(context => context.Response.WriteAsync("{}"));
        _gateway = await GatewayHost.StartAsync(_backend, _backend, ("Page:Root", _page), ("CORS_ORIGINS", "https://app.example.org, http://localhost:5173"));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
        Directory.Delete(_page, recursive: true);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/analyses/an_1")]
    public async Task A_browser_gets_the_page_and_asks_for_it_anew_each_time(string path)
    {
        using var response = await GetAsync(path, "text/html,application/xhtml+xml,*/*;q=0.8");

        Assert.Contains("the page", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Equal("text/html", response.Content.Headers.ContentType?.MediaType);
        Assert.True(response.Headers.CacheControl?.NoCache);
        Assert.NotNull(response.Headers.ETag);
    }

    [Theory]
    [InlineData("*/*")]
    [InlineData("application/json")]
    public async Task Other_clients_get_a_small_document(string accept)
    {
        using var response = await GetAsync("/", accept);

        using var document = JsonDocument.Parse(await response.Content.ReadAsStringAsync());
        Assert.Equal("running", document.RootElement.GetProperty("status").GetString());
        Assert.NotEmpty(document.RootElement.GetProperty("version").GetString()!);
        Assert.Contains(document.RootElement.GetProperty("endpoints").EnumerateArray(), endpoint => endpoint.GetString() == "POST /v1/analyses");
    }

    [Fact]
    public async Task Hashed_files_are_kept_forever_and_compressed_others_for_an_hour()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/assets/index-abc123.js");
        request.Headers.Add("Accept-Encoding", "gzip, br");
        using var script = await _gateway.Client.SendAsync(request);
        using var icon = await GetAsync("/icon.svg", "image/*");

        Assert.Equal("public, max-age=31536000, immutable", script.Headers.CacheControl?.ToString());
        Assert.Equal("text/javascript", script.Content.Headers.ContentType?.MediaType);
        Assert.Contains(script.Content.Headers.ContentEncoding, encoding => encoding is "br" or "gzip");
        Assert.Equal("public, max-age=3600", icon.Headers.CacheControl?.ToString());
        Assert.Equal("image/svg+xml", icon.Content.Headers.ContentType?.MediaType);
    }

    [Theory]
    [InlineData("/assets/gone-123.js")]
    [InlineData("/nothing.txt")]
    [InlineData("/api/unknown")]
    [InlineData("/openapi/other.json")]
    [InlineData("/..%2f..%2fetc%2fpasswd")]
    [InlineData("/assets/..%5c..%5csecret")]
    public async Task What_is_not_there_is_a_problem_and_never_the_page(string path)
    {
        using var response = await GetAsync(path, "text/html" + (path.StartsWith("/..", StringComparison.Ordinal) ? ";q=0" : ""));

        await ProblemAssert.IsAsync(response, 404, ErrorCodes.NotFound);
    }

    [Fact]
    public async Task A_wrong_method_is_a_problem()
    {
        using var response = await _gateway.Client.PutAsync("/assets/index-abc123.js", new StringContent("x"));

        await ProblemAssert.IsAsync(response, 405, ErrorCodes.InvalidRequest);
    }

    [Theory]
    [InlineData("/")]
    [InlineData("/icon.svg")]
    [InlineData("/nothing.txt")]
    [InlineData("/v1/analyses/an_1")]
    [InlineData("/health")]
    public async Task Every_answer_carries_the_security_headers(string path)
    {
        using var response = await GetAsync(path, "text/html");

        Assert.Equal("nosniff", Header(response, "X-Content-Type-Options"));
        Assert.Equal("DENY", Header(response, "X-Frame-Options"));
        Assert.Equal("no-referrer", Header(response, "Referrer-Policy"));
        Assert.Equal("same-origin", Header(response, "Cross-Origin-Resource-Policy"));
        Assert.Contains("camera=()", Header(response, "Permissions-Policy"), StringComparison.Ordinal);
        var policy = Header(response, "Content-Security-Policy");
        Assert.Contains("frame-ancestors 'none'", policy, StringComparison.Ordinal);
        Assert.Contains("img-src 'self' blob: data:", policy, StringComparison.Ordinal);
        Assert.DoesNotContain("unsafe", policy, StringComparison.Ordinal);
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Api_answers_are_not_cached_unless_they_say_so()
    {
        using var response = await GetAsync("/v1/analyses/an_1", "application/json");

        Assert.True(response.Headers.CacheControl?.NoStore);
    }

    [Fact]
    public async Task Health_is_answered_by_the_gateway_itself()
    {
        using var health = System.Text.Json.JsonDocument.Parse(await _gateway.Client.GetStringAsync("/health"));
        Assert.Equal(("healthy", "Deepfake.Aspire"), (health.RootElement.GetProperty("status").GetString(), health.RootElement.GetProperty("app").GetString()));
        Assert.InRange(health.RootElement.GetProperty("resources").GetProperty("memory_bytes").GetInt64(), 1, long.MaxValue);
        Assert.Equal("Healthy", await _gateway.Client.GetStringAsync("/alive"));
    }

    [Fact]
    public async Task The_documents_page_comes_with_its_scripts()
    {
        using var page = await GetAsync("/docs/index.html", "text/html");
        var html = await page.Content.ReadAsStringAsync();
        using var script = await GetAsync("/docs/swagger-ui-bundle.js", "*/*");
        using var setup = await GetAsync("/docs/index.js", "*/*");

        Assert.Contains("swagger-ui", html, StringComparison.Ordinal);
        Assert.DoesNotContain("<script>", html, StringComparison.Ordinal); // the policy forbids inline scripts
        Assert.Equal(HttpStatusCode.OK, script.StatusCode);
        Assert.Contains("/openapi.json", await setup.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_description_of_the_API_needs_no_key_and_no_service_and_is_asked_for_anew()
    {
        await using var gateway = await GatewayHost.StartAsync([GatewayHost.DeadAddress()], [GatewayHost.DeadAddress()], ("Identity:AllowLocal", "false"));
        using var first = await gateway.Client.GetAsync("/openapi.json");
        using var again = new HttpRequestMessage(HttpMethod.Get, "/openapi.json") { Headers = { IfNoneMatch = { first.Headers.ETag! } } };
        using var unchanged = await gateway.Client.SendAsync(again);

        using var document = JsonDocument.Parse(await first.Content.ReadAsStringAsync());
        Assert.StartsWith("3.1.", document.RootElement.GetProperty("openapi").GetString(), StringComparison.Ordinal);
        Assert.True(document.RootElement.GetProperty("paths").TryGetProperty("/v1/models", out _));
        Assert.True(first.Headers.CacheControl?.NoCache);
        Assert.Equal(HttpStatusCode.NotModified, unchanged.StatusCode);
    }

    [Fact]
    public async Task Named_origins_may_call_others_may_not()
    {
        using var allowed = await PreflightAsync("https://app.example.org");
        using var denied = await PreflightAsync("https://evil.example.org");

        Assert.Equal("https://app.example.org", Header(allowed, "Access-Control-Allow-Origin"));
        Assert.Contains("POST", Header(allowed, "Access-Control-Allow-Methods"), StringComparison.Ordinal);
        Assert.False(denied.Headers.Contains("Access-Control-Allow-Origin"));
        // A key is sent on purpose; a cookie would be sent by the browser itself.
        Assert.False(allowed.Headers.Contains("Access-Control-Allow-Credentials"));
    }

    [Fact]
    public async Task Errors_are_readable_for_named_origins_too()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/nothing.txt");
        request.Headers.Add("Origin", "http://localhost:5173");
        using var response = await _gateway.Client.SendAsync(request);

        Assert.Equal("http://localhost:5173", Header(response, "Access-Control-Allow-Origin"));
        Assert.Contains("Location", Header(response, "Access-Control-Expose-Headers"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_page_that_was_not_built_says_so()
    {
        var empty = Directory.CreateTempSubdirectory("empty-").FullName;
        await using var gateway = await GatewayHost.StartAsync(_backend, _backend, ("Page:Root", empty));

        using var request = new HttpRequestMessage(HttpMethod.Get, "/");
        request.Headers.Add("Accept", "text/html");
        using var response = await gateway.Client.SendAsync(request);

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Contains("not built", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Directory.Delete(empty);
    }

    [Theory]
    [InlineData("example.org")]
    [InlineData("https://example.org/")]
    [InlineData("https://example.org/path")]
    [InlineData("ftp://example.org")]
    public async Task A_malformed_origin_is_named_at_start(string origin)
    {
        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => GatewayHost.StartAsync(_backend, _backend, ("CORS_ORIGINS", origin)));

        Assert.Contains(origin, error.Message, StringComparison.Ordinal);
    }

    private async Task<HttpResponseMessage> GetAsync(string path, string accept)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Add("Accept", accept);
        return await _gateway.Client.SendAsync(request);
    }

    private async Task<HttpResponseMessage> PreflightAsync(string origin)
    {
        using var request = new HttpRequestMessage(HttpMethod.Options, "/v1/analyses");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        request.Headers.Add("Access-Control-Request-Headers", "content-type");
        return await _gateway.Client.SendAsync(request);
    }

    private static string Header(HttpResponseMessage response, string name) => string.Join(", ", response.Headers.GetValues(name));
}
