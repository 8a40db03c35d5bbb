using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Gateway.Identity;
using Deepfake.Infrastructure.Documents;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.Gateway.Tests;

public sealed class KeyTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private readonly IdentityHost _host = fixture.Host;

    [Fact]
    public async Task Without_a_key_nothing_below_v1_answers()
    {
        foreach (var path in new[] { "/v1/me", "/v1/keys", "/v1/analyses", "/v1/unknown" })
        {
            using var response = await _host.Client().GetAsync(path);
            await ProblemAssert.IsAsync(response, 401, ErrorCodes.Unauthenticated);
            Assert.StartsWith("Bearer", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
        }
    }

    [Theory]
    [InlineData("Authorization", "Bearer {0}", 200)]
    [InlineData("Authorization", "bearer  {0} ", 200)]
    [InlineData("X-Api-Key", "{0}", 200)]
    [InlineData("Authorization", "Basic {0}", 401)]
    [InlineData("Authorization", "Bearer {0}x", 401)]
    [InlineData("Authorization", "Bearer", 401)]
    [InlineData("Cookie", "deepfake_session={0}", 401)]
    public async Task A_key_is_taken_from_either_header(string header, string form, int status)
    {
        var (key, _) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/me");
        request.Headers.TryAddWithoutValidation(header, string.Format(null, form, key));

        using var response = await _host.Client().SendAsync(request);

        Assert.Equal(status, (int)response.StatusCode);
    }

    [Fact]
    public async Task Me_tells_who_one_is()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read, Scopes.Write], new { requests_per_second = 7, uploads_per_day = 5 });

        var me = await _host.Client(key).GetFromJsonAsync<JsonElement>("/v1/me");

        Assert.Equal("acme", me.GetProperty("tenant").GetString());
        Assert.Equal(id, me.GetProperty("key_id").GetString());
        Assert.Equal([Scopes.Read, Scopes.Write], me.GetProperty("scopes").EnumerateArray().Select(scope => scope.GetString()));
        Assert.False(me.GetProperty("local").GetBoolean());
        Assert.Equal((7, 14, 5), (me.GetProperty("limits").GetProperty("requests_per_second").GetInt32(), me.GetProperty("limits").GetProperty("burst").GetInt32(), me.GetProperty("limits").GetProperty("uploads_per_day").GetInt32()));
    }

    [Fact]
    public async Task A_key_is_shown_once_and_stored_as_a_hash_only()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        var secret = key.Split('_')[2];
        var admin = _host.Client(_host.OperatorKey);

        Assert.DoesNotContain(secret[..20], await admin.GetStringAsync("/v1/keys"), StringComparison.Ordinal);
        Assert.DoesNotContain(secret[..20], await admin.GetStringAsync($"/v1/keys/{id}"), StringComparison.Ordinal);
        var stored = await _host.Gateway.Services.GetRequiredService<IDocumentStore<ApiKey>>().FindAsync("", id, CancellationToken.None);
        Assert.DoesNotContain(secret[..20], JsonSerializer.Serialize(stored), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_revoked_key_is_refused_at_once_and_stays_listed()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        var admin = _host.Client(_host.OperatorKey);
        Assert.Equal(HttpStatusCode.OK, (await _host.Client(key).GetAsync("/v1/me")).StatusCode);

        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/v1/keys/{id}")).StatusCode);

        using var refused = await _host.Client(key).GetAsync("/v1/me");
        await ProblemAssert.IsAsync(refused, 401, ErrorCodes.Unauthenticated);
        Assert.Equal(HttpStatusCode.NoContent, (await admin.DeleteAsync($"/v1/keys/{id}")).StatusCode);
        Assert.NotEqual(JsonValueKind.Null, (await admin.GetFromJsonAsync<JsonElement>($"/v1/keys/{id}")).GetProperty("revoked_at").ValueKind);
        using var rotated = await admin.PostAsync($"/v1/keys/{id}/rotate", null);
        await ProblemAssert.IsAsync(rotated, 400, ErrorCodes.InvalidRequest);
    }

    [Fact]
    public async Task A_rotated_key_holds_beside_the_new_one_for_its_grace()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        var admin = _host.Client(_host.OperatorKey);

        using var gentle = await admin.PostAsync($"/v1/keys/{id}/rotate?grace_seconds=600", null);
        var second = (await gentle.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        Assert.Equal("200 200", await StatusesAsync(key, second));
        using var harsh = await admin.PostAsync($"/v1/keys/{id}/rotate?grace_seconds=0", null);
        var third = (await harsh.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;

        Assert.Equal("401 401 200", await StatusesAsync(key, second, third));
        Assert.Equal(id, third.Split('_')[1]);
        using var plain = await admin.PostAsync($"/v1/keys/{id}/rotate", null);
        Assert.Equal(HttpStatusCode.OK, plain.StatusCode);
        Assert.Equal("200", await StatusesAsync(third));
    }

    [Fact]
    public async Task A_key_stops_when_it_expires()
    {
        using var made = await _host.Client(_host.OperatorKey).PostAsJsonAsync("/v1/keys", new { name = "short", scopes = new[] { Scopes.Read }, expires_at = DateTimeOffset.UtcNow.AddSeconds(2) });
        var key = (await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;

        Assert.Equal("200", await StatusesAsync(key));
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        while (await StatusesAsync(key) == "200") await Task.Delay(100, patience.Token);
        Assert.Equal("401", await StatusesAsync(key));
    }

    [Theory]
    [InlineData("""{"scopes":["analyses:read"]}""")]
    [InlineData("""{"name":"  ","scopes":["analyses:read"]}""")]
    [InlineData("""{"name":"x"}""")]
    [InlineData("""{"name":"x","scopes":[]}""")]
    [InlineData("""{"name":"x","scopes":["everything"]}""")]
    [InlineData("""{"name":"x","scopes":["analyses:read"],"tenant":"Acme/.."}""")]
    [InlineData("""{"name":"x","scopes":["analyses:read"],"tenant":""}""")]
    [InlineData("""{"name":"x","scopes":["analyses:read"],"expires_at":"2020-01-01T00:00:00Z"}""")]
    [InlineData("""{"name":"x","scopes":["analyses:read"],"limits":{"burst":-1}}""")]
    [InlineData("""{"name":"x","scopes":"analyses:read"}""")]
    [InlineData("""{"name":""")]
    [InlineData("null")]
    [InlineData("")]
    public async Task A_key_that_makes_no_sense_is_not_made(string body)
    {
        using var response = await _host.Client(_host.OperatorKey).PostAsync("/v1/keys", new StringContent(body, null, "application/json"));

        await ProblemAssert.IsAsync(response, 400, ErrorCodes.InvalidRequest);
    }

    [Theory]
    [InlineData("/v1/keys")]
    [InlineData("/v1/session")]
    public async Task What_is_no_json_is_not_taken_and_not_passed_on(string path)
    {
        using var response = await _host.Client(_host.OperatorKey).PostAsync(path, new StringContent("key=dfk_", null, "text/plain"));

        await ProblemAssert.IsAsync(response, 415, ErrorCodes.InvalidRequest);
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("2592001")]
    [InlineData("soon")]
    public async Task A_grace_that_makes_no_sense_is_refused(string grace)
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read]);

        using var response = await _host.Client(_host.OperatorKey).PostAsync($"/v1/keys/{id}/rotate?grace_seconds={grace}", null);

        await ProblemAssert.IsAsync(response, 400, ErrorCodes.InvalidRequest);
        Assert.Equal("200", await StatusesAsync(key));
    }

    [Fact]
    public async Task An_administrator_rules_over_one_tenant_and_gives_no_more_than_they_have()
    {
        var (admin, adminId) = await _host.NewKeyAsync("ruled", [Scopes.Admin, Scopes.Read]);
        var (_, theirs) = await _host.NewKeyAsync("not-ruled", [Scopes.Read]);
        var (_, mightier) = await _host.NewKeyAsync("ruled", [Scopes.Admin, Scopes.Operator]);
        var client = _host.Client(admin);

        var (_, own) = await _host.NewKeyAsync("ruled", [Scopes.Read], by: admin);
        Assert.Equal(
            new[] { adminId, mightier, own }.Order(StringComparer.Ordinal),
            (await client.GetFromJsonAsync<JsonElement>("/v1/keys")).GetProperty("items").EnumerateArray().Select(key => key.GetProperty("id").GetString()!));
        Assert.Equal(HttpStatusCode.NotFound, (await client.GetAsync($"/v1/keys/{theirs}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.DeleteAsync($"/v1/keys/{theirs}")).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await client.PostAsync($"/v1/keys/{theirs}/rotate", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.PostAsync($"/v1/keys/{mightier}/rotate", null)).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.DeleteAsync($"/v1/keys/{mightier}")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await client.GetAsync("/v1/keys?tenant=not-ruled")).StatusCode);
        foreach (var wish in new object[]
        {
            new { name = "x", scopes = new[] { Scopes.Read }, tenant = "not-ruled" }, new { name = "x", scopes = new[] { Scopes.Write } },
            new { name = "x", scopes = new[] { Scopes.Operator } }, new { name = "x", scopes = new[] { Scopes.Read }, limits = new { burst = 0 } },
        })
        {
            using var response = await client.PostAsJsonAsync("/v1/keys", wish);
            await ProblemAssert.IsAsync(response, 403, ErrorCodes.Forbidden);
        }
    }

    [Fact]
    public async Task A_key_that_an_administrator_makes_has_no_higher_limits_and_no_longer_life_than_theirs()
    {
        var ends = DateTimeOffset.UtcNow.AddHours(5);
        using var made = await _host.Client(_host.OperatorKey).PostAsJsonAsync(
            "/v1/keys", new { name = "limited", tenant = "shed", scopes = new[] { Scopes.Admin, Scopes.Read }, expires_at = ends, limits = new { uploads_per_day = 7 } });
        var client = _host.Client((await made.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!);

        foreach (var (wish, life) in new (DateTimeOffset?, DateTimeOffset)[] { (null, ends), (ends.AddDays(1), ends), (ends.AddHours(-1), ends.AddHours(-1)) })
        {
            using var response = await client.PostAsJsonAsync("/v1/keys", new { name = "x", scopes = new[] { Scopes.Read }, expires_at = wish });
            var key = (await response.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("description");
            Assert.Equal(life, key.GetProperty("expires_at").GetDateTimeOffset(), TimeSpan.FromSeconds(1));
            Assert.Equal(7, key.GetProperty("limits").GetProperty("uploads_per_day").GetInt64());
        }
    }

    [Fact]
    public async Task A_key_without_the_scope_is_forbidden()
    {
        var (key, _) = await _host.NewKeyAsync("acme", [Scopes.Read, Scopes.Write, Scopes.Review, Scopes.Webhooks, Scopes.Operator]);

        using var response = await _host.Client(key).GetAsync("/v1/keys");

        var problem = await ProblemAssert.IsAsync(response, 403, ErrorCodes.Forbidden);
        Assert.Contains("'admin'", problem.GetProperty("detail").GetString(), StringComparison.Ordinal);
        Assert.Contains("insufficient_scope", response.Headers.WwwAuthenticate.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Keys_are_listed_in_pages()
    {
        var made = new List<string>();
        for (var i = 0; i < 7; i++) made.Add((await _host.NewKeyAsync(i % 2 == 0 ? "listed" : "beside", [Scopes.Read])).Id);
        var client = _host.Client(_host.OperatorKey);

        var listed = new List<string>();
        for (string? cursor = null; ;)
        {
            var page = await client.GetFromJsonAsync<JsonElement>($"/v1/keys?tenant=listed&limit=3&cursor={cursor}");
            listed.AddRange(page.GetProperty("items").EnumerateArray().Select(key => key.GetProperty("id").GetString()!));
            if ((cursor = page.GetProperty("next_cursor").GetString()) is null) break;
        }

        Assert.Equal(made.Where((_, i) => i % 2 == 0).Order(StringComparer.Ordinal), listed);
        var all = (await client.GetFromJsonAsync<JsonElement>("/v1/keys?limit=200")).GetProperty("items").EnumerateArray().Select(key => key.GetProperty("id").GetString()!);
        Assert.Empty(made.Except(all));
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/v1/keys?limit=0")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/v1/keys?limit=many")).StatusCode);
        Assert.Equal(HttpStatusCode.BadRequest, (await client.GetAsync("/v1/keys?cursor=%00")).StatusCode);
    }

    [Fact]
    public async Task The_last_use_is_written_away_from_the_request()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read]);
        var admin = _host.Client(_host.OperatorKey);
        await StatusesAsync(key);
        Assert.Equal(JsonValueKind.Null, (await admin.GetFromJsonAsync<JsonElement>($"/v1/keys/{id}")).GetProperty("last_used_at").ValueKind);

        await _host.Gateway.Services.GetServices<Microsoft.Extensions.Hosting.IHostedService>().OfType<KeyUses>().Single().WriteAsync(CancellationToken.None);

        var used = (await admin.GetFromJsonAsync<JsonElement>($"/v1/keys/{id}")).GetProperty("last_used_at").GetDateTimeOffset();
        Assert.InRange(used, DateTimeOffset.UtcNow.AddMinutes(-1), DateTimeOffset.UtcNow);
    }

    [Fact]
    public async Task A_bootstrap_key_that_is_none_is_named_at_start_without_showing_it()
    {
        var error = await Assert.ThrowsAnyAsync<Exception>(() => IdentityHost.StartAsync(("Identity:BootstrapKey", "dfk_secret_that_is_mistyped")));

        Assert.Contains("Identity:BootstrapKey", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("mistyped_", error.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("dfk_secret", error.Message, StringComparison.Ordinal);
    }

    private async Task<string> StatusesAsync(params string[] keys)
    {
        var statuses = new List<int>();
        foreach (var key in keys) statuses.Add((int)(await _host.Client(key).GetAsync("/v1/me")).StatusCode);
        return string.Join(' ', statuses);
    }
}
