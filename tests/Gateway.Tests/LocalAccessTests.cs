using System.Net;
using System.Net.Sockets;
using System.Text;
using Deepfake.Gateway.Identity;
using Microsoft.AspNetCore.Http;

namespace Deepfake.Gateway.Tests;

/// <summary>Who counts as a person at the machine itself.</summary>
public sealed class LocalAccessTests : IAsyncLifetime
{
    private Backend _backend = null!;
    private GatewayHost _gateway = null!;

    public async Task InitializeAsync()
    {
        _backend = await Backend.StartAsync(context => context.Response.WriteAsync("{}"));
        _gateway = await GatewayHost.StartAsync(_backend, _backend, ("CORS_ORIGINS", "https://app.example.org, *"));
    }

    public async Task DisposeAsync()
    {
        await _gateway.DisposeAsync();
        await _backend.DisposeAsync();
    }

    [Fact]
    public async Task At_the_machine_itself_no_key_is_needed_and_me_says_so() =>
        Assert.Contains("\"local\":true", await _gateway.Client.GetStringAsync("/v1/me"), StringComparison.Ordinal);

    [Theory]
    [InlineData("POST", "X-Forwarded-For: 192.0.2.1")]
    [InlineData("GET", "X-Forwarded-For: 127.0.0.1")]
    [InlineData("GET", "Forwarded: for=192.0.2.1")]
    [InlineData("GET", "X-Real-IP: 192.0.2.1")]
    [InlineData("GET", "Via: 1.1 proxy")]
    [InlineData("GET", "Host: rebound.example:8080")]
    [InlineData("GET", "Host: 127.0.0.1.example")]
    [InlineData("GET", "Host: localhost.example")]
    [InlineData("GET", "Origin: https://evil.example")]
    [InlineData("POST", "Origin: https://evil.example")]
    [InlineData("POST", "Origin: null")]
    [InlineData("POST", "Sec-Fetch-Site: cross-site")]
    [InlineData("DELETE", "Sec-Fetch-Site: same-site")]
    [InlineData("GET", "Authorization: Bearer nonsense")]
    [InlineData("GET", "X-Api-Key: nonsense")]
    public async Task What_a_proxy_or_another_page_may_be_behind_is_not_local(string method, string header) =>
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(method, header));

    [Theory]
    [InlineData("POST", "")]
    [InlineData("DELETE", "Host: localhost:8080")]
    [InlineData("POST", "Host: [::1]")]
    [InlineData("POST", "Sec-Fetch-Site: same-origin")]
    [InlineData("POST", "Sec-Fetch-Site: none")]
    [InlineData("GET", "Sec-Fetch-Site: cross-site")]
    [InlineData("POST", "Origin: https://app.example.org")]
    [InlineData("GET", "Cookie: deepfake_session=left-over")]
    public async Task Programs_the_own_page_and_named_origins_are(string method, string header) =>
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(method, header));

    [Fact]
    public async Task HTTP_1_0_is_spoken_by_a_plainly_configured_proxy_and_by_nobody_else()
    {
        // What `proxy_pass http://127.0.0.1:8080` of nginx sends: from this machine, to its name, and not a word of a proxy.
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, _gateway.Client.BaseAddress!.Port);
        await using var stream = client.GetStream();
        await stream.WriteAsync(Encoding.ASCII.GetBytes($"GET /v1/me HTTP/1.0\r\nHost: 127.0.0.1:{_gateway.Client.BaseAddress.Port}\r\nConnection: close\r\n\r\n"));
        using var reader = new StreamReader(stream);

        Assert.Contains(" 401 ", await reader.ReadLineAsync(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("127.0.0.1", true)]
    [InlineData("127.8.9.10", true)]
    [InlineData("::1", true)]
    [InlineData("::ffff:127.0.0.1", true)]
    [InlineData("192.168.1.5", false)]
    [InlineData("10.0.0.1", false)]
    [InlineData("0.0.0.0", false)]
    [InlineData("fe80::1", false)]
    [InlineData(null, false)]
    public void Only_loopback_is_this_machine(string? address, bool isLocal)
    {
        var context = new DefaultHttpContext();
        context.Connection.RemoteIpAddress = address is null ? null : IPAddress.Parse(address);
        context.Request.Host = new HostString("localhost", 8080);

        Assert.Equal(isLocal, RequestOrigin.IsLocal(context));
    }

    [Theory]
    [InlineData("deepfake.example", "https://deepfake.example", true)]
    [InlineData("deepfake.example:443", "https://deepfake.example", true)]
    [InlineData("deepfake.example:8443", "https://deepfake.example:8443", true)]
    [InlineData("deepfake.example", "https://deepfake.example:8443", false)]
    [InlineData("deepfake.example", "https://DEEPFAKE.example", true)]
    [InlineData("deepfake.example", "https://deepfake.example.evil", false)]
    [InlineData("deepfake.example", "https://evil@deepfake.example", false)]
    [InlineData("deepfake.example", "null", false)]
    public void An_origin_is_held_against_the_host_that_was_asked(string host, string origin, bool isOwn)
    {
        var context = new DefaultHttpContext();
        context.Request.Method = "POST";
        context.Request.Host = new HostString(host);
        context.Request.Headers.Origin = origin;

        Assert.Equal(isOwn, RequestOrigin.IsOwn(context.Request, [], trustSilence: false));
    }

    private async Task<HttpStatusCode> StatusAsync(string method, string header)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), "/v1/analyses/an_1");
        if (header.Split(": ", 2) is [var name, var value]) request.Headers.TryAddWithoutValidation(name, value);
        using var response = await _gateway.Client.SendAsync(request);
        return response.StatusCode;
    }
}
