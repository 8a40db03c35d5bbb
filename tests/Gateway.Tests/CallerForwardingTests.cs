using System.Net.Http.Json;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Identity;

namespace Deepfake.Gateway.Tests;

public sealed class CallerForwardingTests(IdentityFixture fixture) : IClassFixture<IdentityFixture>
{
    private static readonly CallerToken Tokens = new(GatewayHost.Secret, TimeProvider.System);
    private readonly IdentityHost _host = fixture.Host;

    [Fact]
    public async Task The_service_hears_who_calls_and_never_the_key()
    {
        var (key, id) = await _host.NewKeyAsync("acme", [Scopes.Read, Scopes.Write], new { concurrent_analyses = 3 });
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/analyses/an_1");
        request.Headers.Add("X-Api-Key", key);
        request.Headers.Add("Cookie", "deepfake_session=x");
        request.Headers.Add(CallerToken.Header, Tokens.Write(Caller.Local));

        using var response = await _host.Client().SendAsync(request);
        var headers = await response.Content.ReadFromJsonAsync<Dictionary<string, string>>();

        var caller = Tokens.Read(headers![CallerToken.Header])!;
        Assert.Equal(("acme", id, 3, null), (caller.Tenant, caller.KeyId, caller.KeyConcurrency, caller.TenantConcurrency));
        Assert.Equal([Scopes.Read, Scopes.Write], caller.Scopes.Order());
        Assert.DoesNotContain(headers.Keys, name => name is "Authorization" or "X-Api-Key" or "Cookie");
        Assert.DoesNotContain(headers.Values, value => value.Contains(key.Split('_')[2], StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_caller_named_from_outside_is_nobody()
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, "/v1/analyses/an_1");
        request.Headers.Add(CallerToken.Header, Tokens.Write(Caller.Local));

        using var response = await _host.Client().SendAsync(request);

        await ProblemAssert.IsAsync(response, 401, ErrorCodes.Unauthenticated);
    }

    [Fact]
    public async Task The_document_is_open_to_everybody()
    {
        var document = await _host.Client().GetFromJsonAsync<JsonElement>("/openapi.json");
        Assert.True(document.GetProperty("paths").TryGetProperty("/v1/keys/{id}/rotate", out _));
    }
}
