using System.Net;
using System.Net.Http.Json;
using Deepfake.Contracts;
using Deepfake.Gateway.Identity;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.Gateway.Tests;

public sealed class SessionTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private readonly IdentityHost _host = fixture.Host;

    [Fact]
    public async Task A_key_is_exchanged_for_a_cookie_that_scripts_cannot_read()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read]);

        using var response = await _host.Client().PostAsJsonAsync("/v1/session", new { key = $" {key}\n" });

        var cookie = Assert.Single(response.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("path=/", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.DoesNotContain("secure", cookie, StringComparison.OrdinalIgnoreCase); // http
        Assert.DoesNotContain(key.Split('_')[2][..10], cookie, StringComparison.Ordinal);
        Assert.Equal(id, (await response.Content.ReadFromJsonAsync<System.Text.Json.JsonElement>()).GetProperty("key_id").GetString());
        Assert.Equal(200, await StatusAsync(HttpMethod.Get, Value(cookie)));
    }

    [Fact]
    public async Task A_body_longer_than_any_key_is_not_read()
    {
        using var response = await _host.Client().PostAsJsonAsync("/v1/session", new { key = new string('x', 100_000) });

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task Over_https_the_cookie_is_secure()
    {
        var (key, _) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/session") { Content = JsonContent.Create(new { key }) };
        request.Headers.Add("X-Forwarded-Proto", "https");

        using var response = await _host.Client().SendAsync(request);

        Assert.Contains("secure", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("POST", "Sec-Fetch-Site: same-origin", true)]
    [InlineData("POST", "Sec-Fetch-Site: cross-site", false)]
    [InlineData("POST", "Sec-Fetch-Site: same-site", false)]
    [InlineData("POST", "Origin: OWN", true)]
    [InlineData("POST", "Origin: https://evil.example", false)]
    [InlineData("POST", "Origin: null", false)]
    [InlineData("POST", "", false)]
    [InlineData("GET", "", true)]
    [InlineData("GET", "Sec-Fetch-Site: cross-site", true)] // another page shows it as a picture, and sees nothing of it
    [InlineData("GET", "Origin: https://evil.example", false)]
    [InlineData("GET", "Upgrade: websocket", false)]
    public async Task The_cookie_counts_in_requests_of_the_own_pages_only(string method, string header, bool counts)
    {
        var cookie = await BeginAsync([Scopes.Admin]);

        var status = await StatusAsync(new HttpMethod(method), cookie, header.Replace("OWN", $"http://{_host.Gateway.Client.BaseAddress!.Authority}", StringComparison.Ordinal));

        Assert.Equal(counts ? method == "POST" ? 404 : 200 : 401, status);
    }

    [Theory]
    [InlineData("Sec-Fetch-Site", "cross-site")]
    [InlineData("Origin", "https://evil.example")]
    public async Task Another_site_neither_begins_nor_ends_a_session(string name, string value)
    {
        var (key, _) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        using var begin = new HttpRequestMessage(HttpMethod.Post, "/v1/session") { Content = JsonContent.Create(new { key }) };
        begin.Headers.Add(name, value);
        using var end = new HttpRequestMessage(HttpMethod.Delete, "/v1/session");
        end.Headers.Add(name, value);

        using var begun = await _host.Client().SendAsync(begin);
        using var ended = await _host.Client().SendAsync(end);

        await ProblemAssert.IsAsync(begun, 403, ErrorCodes.Forbidden);
        await ProblemAssert.IsAsync(ended, 403, ErrorCodes.Forbidden);
    }

    [Fact]
    public async Task A_session_ends_when_it_is_told_to()
    {
        var cookie = await BeginAsync([Scopes.Read]);
        using var request = new HttpRequestMessage(HttpMethod.Delete, "/v1/session");
        request.Headers.Add("Cookie", cookie);

        using var response = await _host.Client().SendAsync(request);

        Assert.Equal(HttpStatusCode.NoContent, response.StatusCode);
        Assert.Contains("expires=Thu, 01 Jan 1970", Assert.Single(response.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
        Assert.Equal(401, await StatusAsync(HttpMethod.Get, cookie));
    }

    [Fact]
    public async Task A_session_ends_with_its_key_or_the_secret_it_was_made_with()
    {
        var admin = _host.Client(_host.OperatorKey);
        var (first, firstId) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        var (second, secondId) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        var (revoked, rotated) = (await BeginAsync(first), await BeginAsync(second));

        await admin.DeleteAsync($"/v1/keys/{firstId}");
        using var rotation = await admin.PostAsync($"/v1/keys/{secondId}/rotate?grace_seconds=0", null);

        Assert.Equal(401, await StatusAsync(HttpMethod.Get, revoked));
        Assert.Equal(401, await StatusAsync(HttpMethod.Get, rotated));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"key":""}""")]
    [InlineData("""{"key":"dfk_0123456789AB_wrong"}""")]
    public async Task What_is_no_key_begins_none(string body)
    {
        using var response = await _host.Client().PostAsync("/v1/session", new StringContent(body, null, "application/json"));

        await ProblemAssert.IsAsync(response, 401, ErrorCodes.Unauthenticated);
        Assert.False(response.Headers.Contains("Set-Cookie"));
    }

    [Theory]
    [InlineData("deepfake_session=")]
    [InlineData("deepfake_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("deepfake_session=%00%ff../../etc")]
    public async Task An_invented_cookie_is_nobody(string cookie) => Assert.Equal(401, await StatusAsync(HttpMethod.Get, cookie));

    [Fact]
    public async Task What_is_over_is_removed()
    {
        await using var host = await IdentityHost.StartAsync();
        using (await host.Client().PostAsJsonAsync("/v1/session", new { key = host.OperatorKey }))
        {
        }

        var sessions = host.Gateway.Services.GetRequiredService<IDocumentStore<Session>>();
        var kept = Assert.Single(await sessions.ListAsync("", null, 10, CancellationToken.None));
        await sessions.TryAddAsync(new Document<Session>("", "old", kept.Value, DateTimeOffset.UtcNow.AddSeconds(-1)), CancellationToken.None);

        await host.Gateway.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<KeyUses>().Single().WriteAsync(CancellationToken.None);

        Assert.Equal(kept.Id, Assert.Single(await sessions.ListAsync("", null, 10, CancellationToken.None)).Id);
        Assert.InRange(kept.Due!.Value, DateTimeOffset.UtcNow.AddHours(7.9), DateTimeOffset.UtcNow.AddHours(8));
    }

    private static string Value(string cookie) => cookie.Split(';')[0];

    private async Task<string> BeginAsync(string[] scopes) => await BeginAsync((await _host.NewKeyAsync("acme", scopes)).Key);

    private async Task<string> BeginAsync(string key)
    {
        using var response = await _host.Client().PostAsJsonAsync("/v1/session", new { key });
        return Value(Assert.Single(response.Headers.GetValues("Set-Cookie")));
    }

    private async Task<int> StatusAsync(HttpMethod method, string cookie, string header = "")
    {
        using var request = new HttpRequestMessage(method, method == HttpMethod.Post ? "/v1/keys/000000000000/rotate" : "/v1/me");
        request.Headers.Add("Cookie", cookie);
        if (header.Split(": ") is [var name, var value])
        {
            if (name == "Upgrade") request.Headers.TryAddWithoutValidation("Connection", "Upgrade");
            request.Headers.TryAddWithoutValidation(name, value);
        }

        using var response = await _host.Client().SendAsync(request);
        return (int)response.StatusCode;
    }
}
