using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.Gateway.Identity;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.TestServers;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Gateway.Tests;

/// <summary>Two gateways on the real servers of production.</summary>
public sealed class ManyGatewaysTests : IAsyncLifetime
{
    private readonly string _operator = ApiKeyText.Create().Reveal();
    private readonly List<HttpClient> _clients = [];
    private RedisServer _redis = null!;
    private PostgresServer _postgres = null!;
    private Backend _backend = null!;
    private GatewayHost[] _gateways = [];

    public async Task InitializeAsync()
    {
        _redis = await RedisServer.StartAsync();
        _postgres = await PostgresServer.StartAsync();
        _backend = await Backend.StartAsync(context => context.Response.WriteAsync("{}"));
        _gateways = [await StartAsync(), await StartAsync()];
    }

    public async Task DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        foreach (var gateway in _gateways) await gateway.DisposeAsync();
        await _backend.DisposeAsync();
        await _postgres.DisposeAsync();
        await _redis.DisposeAsync();
    }

    [Fact]
    public async Task Together_they_let_exactly_the_limit_pass_under_parallel_load()
    {
        var (key, _) = await NewKeyAsync(new { requests_per_second = 0.0001, burst = 700 });
        var clients = new[] { Client(0, key), Client(1, key) };
        // A read that finds no counters passes uncounted: first each has to have found them.
        var warm = (await NewKeyAsync(null)).Key;
        foreach (var gateway in new[] { 0, 1 })
        {
            await Eventually.TrueAsync(async () =>
            {
                using var response = await Client(gateway, warm).GetAsync("/v1/me");
                return response.Headers.Contains("RateLimit");
            }, "the gateway has found its counters");
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 1000).Select(async i =>
        {
            using var response = await clients[i % 2].GetAsync("/v1/analyses");
            return (response.StatusCode, Gateway: i % 2);
        }));

        Assert.Equal(700, answers.Count(answer => answer.StatusCode == HttpStatusCode.OK));
        Assert.Equal(300, answers.Count(answer => answer.StatusCode == HttpStatusCode.TooManyRequests));
        // Each was asked 500 times, so none gave them all.
        Assert.All([0, 1], gateway => Assert.Contains(answers, answer => answer.Gateway == gateway && answer.StatusCode == HttpStatusCode.OK));
    }

    [Fact]
    public async Task Together_they_answer_exactly_so_many_guesses_of_keys()
    {
        await NewKeyAsync(null);
        var clients = new[] { Client(0), Client(1) };
        var answers = await Task.WhenAll(Enumerable.Range(0, 100).Select(async i =>
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/me") { Headers = { { "X-Api-Key", ApiKeyText.Create().Reveal() } } };
            using var response = await clients[i % 2].SendAsync(request);
            return response.StatusCode;
        }));

        Assert.Equal(30, answers.Count(status => status == HttpStatusCode.Unauthorized));
        Assert.Equal(70, answers.Count(status => status == HttpStatusCode.TooManyRequests));
    }

    [Fact]
    public async Task A_key_made_rotated_or_revoked_at_one_is_known_to_the_other_within_seconds()
    {
        var (key, id) = await NewKeyAsync(null);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(1, key));

        using var rotated = await Client(0, _operator).PostAsync($"/v1/keys/{id}/rotate?grace_seconds=0", null);
        var second = (await rotated.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("key").GetString()!;
        await BecomesAsync(1, second, HttpStatusCode.OK);
        await BecomesAsync(1, key, HttpStatusCode.Unauthorized);

        await Client(0, _operator).DeleteAsync($"/v1/keys/{id}");
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(0, second));
        await BecomesAsync(1, second, HttpStatusCode.Unauthorized);
    }

    [Fact]
    public async Task A_session_of_one_counts_at_the_other()
    {
        var (key, _) = await NewKeyAsync(null);
        using var begun = await Client(0).PostAsJsonAsync("/v1/session", new { key });
        var cookie = Assert.Single(begun.Headers.GetValues("Set-Cookie")).Split(';')[0];
        var other = Client(1);
        other.DefaultRequestHeaders.Add("Cookie", cookie);

        Assert.Equal(HttpStatusCode.OK, (await other.GetAsync("/v1/me")).StatusCode);
    }

    [Fact]
    public async Task Without_redis_reads_pass_and_changes_wait()
    {
        var (key, _) = await NewKeyAsync(null);
        var client = Client(0, key);
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/analyses")).StatusCode);
        await _redis.KillAsync();

        for (var i = 0; i < 5; i++) Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("/v1/analyses")).StatusCode);
        using var refused = await client.PostAsync("/v1/analyses", new StringContent("x"));
        await ProblemAssert.IsAsync(refused, 503, ErrorCodes.Unavailable);
        Assert.NotNull(refused.Headers.RetryAfter);

        await _redis.RestartAsync();
        await Eventually.TrueAsync(async () => (await client.PostAsync("/v1/analyses", new StringContent("x"))).StatusCode == HttpStatusCode.OK, "writes pass again");
    }

    [Fact]
    public async Task Without_postgres_known_keys_are_believed_and_unknown_ones_are_asked_to_come_back()
    {
        var (known, _) = await NewKeyAsync(null);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(0, known));
        await _postgres.KillAsync();

        using var unknown = await Client(0, ApiKeyText.Create().Reveal()).GetAsync("/v1/me");
        await ProblemAssert.IsAsync(unknown, 503, ErrorCodes.Unavailable);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(0, _operator));
        // Longer than what is known stays fresh.
        for (var until = DateTimeOffset.UtcNow.AddSeconds(2); DateTimeOffset.UtcNow < until;) Assert.Equal(HttpStatusCode.OK, await StatusAsync(0, known));

        await _postgres.RestartAsync();
        await Eventually.TrueAsync(async () => await StatusAsync(0, ApiKeyText.Create().Reveal()) == HttpStatusCode.Unauthorized, "unknown keys are looked up again");
    }

    private async Task<GatewayHost> StartAsync() => await GatewayHost.StartAsync(
        _backend, _backend, ("Identity:AllowLocal", "false"), ("Identity:BootstrapKey", _operator), ("Identity:CacheLife", "00:00:01"),
        ("ConnectionStrings:history", _postgres.ConnectionString), ("ConnectionStrings:cache", _redis.ConnectionString), ("Limits:Key:RequestsPerSecond", "100000"),
        ("Limits:WrongKeysPerMinute", "0.001"), ("Limits:WrongKeysAtOnce", "30"));

    private HttpClient Client(int gateway, string? key = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = _gateways[gateway].Client.BaseAddress, Timeout = TimeSpan.FromSeconds(60) };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _clients.Add(client);
        return client;
    }

    private async Task<(string Key, string Id)> NewKeyAsync(object? limits)
    {
        var answer = default(JsonElement);
        // The gateway may not have found its servers yet.
        await Eventually.TrueAsync(async () =>
        {
            using var response = await Client(0, _operator).PostAsJsonAsync("/v1/keys", new { name = "test", tenant = "acme", scopes = new[] { Scopes.Read, Scopes.Write }, limits });
            answer = await response.Content.ReadFromJsonAsync<JsonElement>();
            return response.StatusCode == HttpStatusCode.Created;
        }, "a key is made");
        return (answer.GetProperty("key").GetString()!, answer.GetProperty("description").GetProperty("id").GetString()!);
    }

    private async Task<HttpStatusCode> StatusAsync(int gateway, string key)
    {
        using var response = await Client(gateway, key).GetAsync("/v1/me");
        return response.StatusCode;
    }

    private Task BecomesAsync(int gateway, string key, HttpStatusCode status) => Eventually.TrueAsync(async () => await StatusAsync(gateway, key) == status, $"a read is answered {status}");
}
