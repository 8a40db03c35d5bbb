using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Gateway.Identity;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Gateway.Tests;

/// <summary>A gateway that lets nobody in without a key, an operator's key, and a service behind it that tells what it was sent.</summary>
internal sealed class IdentityHost : IAsyncDisposable
{
    private readonly Backend _backend;
    private readonly List<HttpClient> _clients = [];

    private IdentityHost(Backend backend, GatewayHost gateway, string key, SemaphoreSlim waits) => (_backend, Gateway, OperatorKey, Waits) = (backend, gateway, key, waits);

    public GatewayHost Gateway { get; }

    public string OperatorKey { get; }

    /// <summary>Released when the body "wait" has come, which gets no answer.</summary>
    public SemaphoreSlim Waits { get; }

    public static async Task<IdentityHost> StartAsync(params (string Key, string Value)[] settings)
    {
        var key = ApiKeyText.Create().Reveal();
        var waits = new SemaphoreSlim(0);
        var backend = await Backend.StartAsync(async context =>
        {
            // Some bodies are not to its liking.
            using var reader = new StreamReader(context.Request.Body);
            var body = await reader.ReadToEndAsync();
            if (body == "wait")
            {
                waits.Release();
                await Task.Delay(Timeout.Infinite, context.RequestAborted).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            }

            if (body == "fail")
            {
                context.Response.StatusCode = 422;
                context.Response.Headers.ContentLocation = "/v1/analyses/an_1";
            }
            else if (body == "refuse") context.Response.StatusCode = 404;
            else await context.Response.WriteAsJsonAsync(context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString()));
        });
        return new IdentityHost(backend, await GatewayHost.StartAsync(backend, backend, [("Identity:AllowLocal", "false"), ("Identity:BootstrapKey", key), .. settings]), key, waits);
    }

    /// <summary>A client that sends a key; none without.</summary>
    public HttpClient Client(string? key = null)
    {
        var client = new HttpClient(new SocketsHttpHandler { UseCookies = false }) { BaseAddress = Gateway.Client.BaseAddress };
        if (key is not null) client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        _clients.Add(client);
        return client;
    }

    /// <summary>Makes a key by the API, as an operator if nobody else is named.</summary>
    public async Task<(string Key, string Id)> NewKeyAsync(string tenant, string[] scopes, object? limits = null, string? by = null)
    {
        using var response = await Client(by ?? OperatorKey).PostAsJsonAsync("/v1/keys", new { name = $"key of {tenant}", tenant, scopes, limits });
        Assert.True(response.StatusCode == System.Net.HttpStatusCode.Created, await response.Content.ReadAsStringAsync());
        var answer = await response.Content.ReadFromJsonAsync<JsonElement>();
        return (answer.GetProperty("key").GetString()!, answer.GetProperty("description").GetProperty("id").GetString()!);
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var client in _clients) client.Dispose();
        await Gateway.DisposeAsync();
        await _backend.DisposeAsync();
        Waits.Dispose();
    }
}

/// <summary>A host for the tests of a class, which keep out of each other's way by tenants of their own. It believes nothing it heard before.</summary>
public sealed class IdentityFixture : IAsyncLifetime
{
    internal IdentityHost Host { get; private set; } = null!;

    public async Task InitializeAsync() => Host = await IdentityHost.StartAsync(("Identity:CacheLife", "00:00:00"));

    public async Task DisposeAsync() => await Host.DisposeAsync();
}
