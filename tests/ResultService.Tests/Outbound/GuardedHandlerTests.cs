using System.ComponentModel.DataAnnotations;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Tests.Outbound;

public sealed class GuardedHandlerTests
{
    [Theory]
    [InlineData("8.8.8.8,127.0.0.1")]
    [InlineData("10.0.0.1,8.8.8.8")]
    [InlineData("2606:4700::1111,::1")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    public async Task One_address_inside_is_enough_to_refuse_a_name(string addresses)
    {
        var resolver = new Names(addresses);
        using var client = new HttpClient(Guard("", resolver).Create());
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("https://receiver.example/")));
        Assert.True(ForbiddenAddressException.Caused(failure), failure.ToString());
        Assert.Equal(["receiver.example"], resolver.Asked);
    }

    [Fact]
    public async Task The_address_that_was_checked_is_the_one_that_is_called_however_the_name_changes_its_mind()
    {
        using var server = new PlainServer("127.0.0.1");
        var resolver = new Names("127.0.0.1", "8.8.8.8");
        using var client = new HttpClient(Guard("127.0.0.1/32", resolver).Create());
        Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://receiver.example:{server.Port}/")));
        Assert.Single(resolver.Asked);
    }

    [Theory]
    [InlineData("http://127.0.0.1:1/")]
    [InlineData("https://127.0.0.1:1/")]
    [InlineData("https://127.1:1/")]
    [InlineData("https://2130706433:1/")]
    [InlineData("https://0x7f.1:1/")]
    [InlineData("https://0177.0.0.1:1/")]
    [InlineData("https://0.0.0.0:1/")]
    [InlineData("https://[::]:1/")]
    [InlineData("https://[::1]:1/")]
    [InlineData("https://[::ffff:127.0.0.1]:1/")]
    [InlineData("https://[64:ff9b::7f00:1]:1/")]
    [InlineData("https://[fe80::1%251]:1/")]
    [InlineData("https://127。0。0。1:1/")]
    [InlineData("https://localhost:1/")]
    public async Task A_literal_in_any_dress_is_refused_where_it_is_connected(string url)
    {
        using var client = new HttpClient(Guard("").Create());
        var failure = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri(url)));
        Assert.True(ForbiddenAddressException.Caused(failure), failure.ToString());
    }

    [Theory]
    [InlineData("https://receiver.example/hook", null)]
    [InlineData("https://8.8.8.8/hook", null)]
    [InlineData("http://receiver.example/hook", "the address is not https")]
    [InlineData("ftp://receiver.example/hook", "the address is not https")]
    [InlineData("https://user:password@receiver.example/hook", "the address holds a user name")]
    [InlineData("https://10.0.0.1/hook", "the address is not public")]
    [InlineData("https://[fd00::1]/hook", "the address is not public")]
    public void What_needs_no_resolving_is_refused_beforehand(string url, string? expected) => Assert.Equal(expected, Guard("").Refuse(new Uri(url)));

    [Fact]
    public async Task Allowed_networks_may_be_called_in_the_clear_and_nothing_else_may()
    {
        using var server = new PlainServer("127.0.0.2");
        var resolver = new Names("8.8.8.8");
        var guard = Guard("10.20.0.0/16, 127.0.0.2/32", resolver);
        using var client = new HttpClient(guard.Create());

        Assert.Null(guard.Refuse(new Uri($"http://127.0.0.2:{server.Port}/")));
        Assert.Equal("hello", await client.GetStringAsync(new Uri($"http://127.0.0.2:{server.Port}/")));
        Assert.Equal("the address is not public", guard.Refuse(new Uri($"http://127.0.0.1:{server.Port}/")));
        Assert.Equal("the address is not public", guard.Refuse(new Uri($"https://[::ffff:10.20.0.1]/")));
        var public_ = await Assert.ThrowsAsync<HttpRequestException>(() => client.GetAsync(new Uri("http://receiver.example/")));
        Assert.True(ForbiddenAddressException.Caused(public_), "http to a public address is refused");
    }

    [Fact]
    public async Task Redirects_cookies_and_proxies_are_left_alone()
    {
        using var handler = Guard("").Create();
        Assert.Equal((false, false, false, DecompressionMethods.None), (handler.AllowAutoRedirect, handler.UseCookies, handler.UseProxy, handler.AutomaticDecompression));

        using var server = new PlainServer("127.0.0.1", "HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        using var client = new HttpClient(Guard("127.0.0.1/32").Create());
        using var response = await client.GetAsync(new Uri($"http://127.0.0.1:{server.Port}/"));
        Assert.Equal(HttpStatusCode.Found, response.StatusCode);
    }

    [Theory]
    [InlineData("10.0.0.0")]
    [InlineData("127.0.0.0/8,everything")]
    [InlineData("0.0.0.0/33")]
    public void Something_that_is_no_network_is_named(string networks)
    {
        var options = new OutboundOptions { AllowedNetworks = networks };
        var complaint = Assert.Single(options.Validate(new ValidationContext(options)));
        Assert.Contains($"'{networks.Split(',')[^1]}'", complaint.ErrorMessage, StringComparison.Ordinal);
    }

    private static GuardedHandler Guard(string allowed, Names? resolver = null)
    {
        var options = Options.Create(new OutboundOptions { AllowedNetworks = allowed });
        return resolver is null ? new GuardedHandler(options) : new GuardedHandler(options) { Resolve = resolver.ResolveAsync };
    }

    /// <summary>A name server that answers differently each time; the last answer stays.</summary>
    private sealed class Names(params string[] answers)
    {
        public List<string> Asked { get; } = [];

        public Task<IPAddress[]> ResolveAsync(string host, CancellationToken cancellationToken)
        {
            Asked.Add(host);
            return Task.FromResult(answers[Math.Min(Asked.Count, answers.Length) - 1].Split(',').Select(IPAddress.Parse).ToArray());
        }
    }

    /// <summary>Answers one request.</summary>
    private sealed class PlainServer : IDisposable
    {
        private readonly TcpListener _listener;

        public PlainServer(string address, string answer = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nhello")
        {
            _listener = new TcpListener(IPAddress.Parse(address), 0);
            _listener.Start();
            _ = Task.Run(async () =>
            {
                using var client = await _listener.AcceptTcpClientAsync();
                var stream = client.GetStream();
                using var reader = new StreamReader(stream, leaveOpen: true);
                while (await reader.ReadLineAsync() is { Length: > 0 }) { }
                await stream.WriteAsync(Encoding.ASCII.GetBytes(answer));
            });
        }

        public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

        public void Dispose() => _listener.Dispose();
    }
}
