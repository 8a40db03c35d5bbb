using System.Net;
using System.Net.Sockets;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults.Outbound;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;

namespace Deepfake.IngestService.Tests.Fetching;

/// <summary>Ways into the own network that were tried on others. None leads to a connection, and none says what is there.</summary>
public sealed class BypassTests : IAsyncLifetime
{
    private readonly TcpListener _canary = new(IPAddress.Any, 0);
    private readonly Dictionary<string, string[]> _names = new()
    {
        ["inside.test"] = ["10.1.2.3"],
        ["loopback.test"] = ["127.0.0.1"],
        ["both.test"] = ["93.184.215.14", "127.0.0.1"],
        ["mapped.test"] = ["::ffff:127.0.0.1"],
        ["nat64.test"] = ["64:ff9b::7f00:1"],
        ["v6.test"] = ["fd00::1"],
        ["metadata.google.internal"] = ["169.254.169.254"],
        ["localhost"] = ["127.0.0.1", "::1"],
        ["redis"] = ["172.17.0.2"],
        ["xn--e1afmkfd.test"] = ["192.168.1.1"],
    };

    private IngestHost _host = null!;

    private int Port => ((IPEndPoint)_canary.LocalEndpoint).Port;

    public async Task InitializeAsync()
    {
        _canary.Start();
        _host = await IngestHost.StartAsync(
            services => services.AddSingleton(provider => new GuardedHandler(provider.GetRequiredService<IOptions<OutboundOptions>>())
            {
                Resolve = (name, _) => _names.TryGetValue(name, out var found) ? Task.FromResult(Array.ConvertAll(found, IPAddress.Parse)) : throw new SocketException((int)SocketError.HostNotFound),
            }),
            null,
            ("Ingest:UrlPorts", $"{Port}")); // so that the port alone is no reason
    }

    public async Task DisposeAsync()
    {
        await _host.DisposeAsync();
        _canary.Dispose();
    }

    public static TheoryData<string> Attempts =>
    [
        // loopback in every dress
        "https://127.0.0.1/", "https://127.0.0.1:{port}/", "http://127.0.0.1:{port}/", "https://127.1:{port}/", "https://127.0.1:{port}/", "https://127.255.255.254:{port}/",
        "https://2130706433:{port}/", "https://0x7f000001:{port}/", "https://0x7f.0.0.1:{port}/", "https://0x7f.1:{port}/", "https://0177.0.0.1:{port}/", "https://017700000001:{port}/",
        "https://127.000.000.001:{port}/", "https://127.0.0.1.:{port}/", "https://0:{port}/", "https://0.0.0.0:{port}/", "https://127.0.0.1.test.0x1/",
        "https://localhost:{port}/", "https://LOCALHOST:{port}/", "https://localhost.:{port}/", "https://loopback.test:{port}/", "https://both.test:{port}/",
        "https://[::1]:{port}/", "https://[::]:{port}/", "https://[0:0:0:0:0:0:0:1]:{port}/", "https://[::ffff:127.0.0.1]:{port}/", "https://[::ffff:7f00:1]:{port}/", "https://[::127.0.0.1]:{port}/",
        "https://[::ffff:0:127.0.0.1]:{port}/", "https://[64:ff9b::7f00:1]:{port}/", "https://[64:ff9b:1::7f00:1]:{port}/", "https://[2002:7f00:1::]:{port}/", "https://mapped.test:{port}/", "https://nat64.test:{port}/",
        // letters and dots of other scripts
        "https://\uff11\uff12\uff17.0.0.1:{port}/", "https://127\u30020\u30020\u30021:{port}/",
        "https://\u043f\u0440\u0438\u043c\u0435\u0440.test/", "https://xn--e1afmkfd.test/",
        // the rest of what is not public
        "https://10.0.0.1/", "https://172.16.0.1/", "https://192.168.0.1/", "https://100.64.0.1/", "https://198.18.0.1/", "https://192.0.0.192/", "https://192.0.2.1/", "https://224.0.0.1/", "https://255.255.255.255/",
        "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fe80::1%eth0]/", "https://[fc00::1]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[2001:db8::1]/", "https://[2001:0:7f00:1::]/",
        "https://inside.test/", "https://v6.test/", "https://redis/",
        // metadata of clouds
        "https://169.254.169.254/latest/meta-data/", "http://169.254.169.254/", "https://2852039166/", "https://0xa9fea9fe/", "https://169.254.43518/", "https://metadata.google.internal/", "https://100.100.100.200/",
        "https://168.63.129.16/", "https://[fd00:ec2::254]/", "https://[::ffff:169.254.169.254]/", "https://[2002:a9fe:a9fe::]/",
        // confusion about which part is the host
        "https://example.org@127.0.0.1:{port}/", "https://user:secret@example.org/", "https://@example.org/", "https://127.0.0.1:{port}\\@example.org/", "https://example.org\\@127.0.0.1:{port}/",
        "https://127.0.0.1:{port}#@example.org/", "https://127.0.0.1:{port}?@example.org/", "https:\\\\127.0.0.1:{port}\\", "https:/127.0.0.1:{port}/", "https:127.0.0.1:{port}/", "//127.0.0.1:{port}/", "/etc/passwd", "127.0.0.1:{port}",
        "https://127.0.0.1%00.example.org/", "https://127.0.0.1%2f.example.org/", "https://%31%32%37.0.0.1:{port}/", "https:///127.0.0.1:{port}/", "https://", "https://.", "https://..:{port}/",
        // characters that get lost
        " https://127.0.0.1:{port}/", "https://127.0.0.1:{port}/ ", "ht\ttps://127.0.0.1:{port}/", "https://127.0.0.1\n:{port}/", "https://example.org/\r\nHost: 127.0.0.1", "https://exa\u0000mple.org/", "https://127.0.0.1\u00a0:{port}/",
        // other schemes and ports
        "http://example.org/", "ftp://127.0.0.1:{port}/", "file:///etc/passwd", "file://127.0.0.1/etc/passwd", "gopher://127.0.0.1:{port}/_x", "data:image/png;base64,AAAA", "jar:https://127.0.0.1!/", "HTTPS+unix://x/", "ldap://127.0.0.1/",
        "https://example.org:22/", "https://example.org:6379/", "https://example.org:0/", "https://example.org:65536/", "https://example.org:443@127.0.0.1:{port}/",
    ];

    [Theory]
    [MemberData(nameof(Attempts))]
    public async Task No_address_leads_inside(string attempt)
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { url = attempt.Replace("{port}", $"{Port}", StringComparison.Ordinal) });

        await Answers.IsProblemAsync(response, 422, ErrorCodes.UrlNotAllowed);
        Assert.False(_canary.Pending());
        await _host.AssertNothingLeftAsync();
    }

    [Theory]
    [InlineData("https://\u2460\u2461\u2466.\u24ea.\u24ea.\u2460:{port}/")]
    [InlineData("https://\u24db\u24de\u24d2\u24d0\u24db\u24d7\u24de\u24e2\u24e3:{port}/")]
    public async Task Circled_letters_are_a_name_that_nobody_has(string attempt)
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { url = attempt.Replace("{port}", $"{Port}", StringComparison.Ordinal) });

        await Answers.IsProblemAsync(response, 422, ErrorCodes.UrlUnreachable);
        Assert.False(_canary.Pending());
    }

    [Fact]
    public void The_list_is_long_enough() => Assert.True(Attempts.Count >= 100, $"{Attempts.Count}");

    [Fact]
    public async Task An_address_that_is_too_long_is_refused()
    {
        using var response = await _host.PostJsonAsync("/v1/analyses", new { url = "https://example.org/" + new string('x', 2048) });

        await Answers.IsProblemAsync(response, 422, ErrorCodes.UrlNotAllowed);
    }

    [Fact]
    public async Task A_name_that_changes_its_mind_gains_nothing()
    {
        // Public when it is looked at, inside when it is connected to: it is looked at once, and connected to what was looked at.
        var asked = 0;
        var guard = new GuardedHandler(Options.Create(new OutboundOptions()))
        {
            Resolve = (_, _) => Task.FromResult(new[] { IPAddress.Parse(Interlocked.Increment(ref asked) == 1 ? "203.0.113.1" : "127.0.0.1") }),
        };
        await using var host = await IngestHost.StartAsync(services => services.AddSingleton(guard), null, ("Ingest:UrlPorts", $"{Port}"));

        for (var i = 0; i < 3; i++) await Answers.IsProblemAsync(await host.PostJsonAsync("/v1/analyses", new { url = $"https://rebind.test:{Port}/" }), 422, ErrorCodes.UrlNotAllowed);

        Assert.Equal(3, asked);
        Assert.False(_canary.Pending());
    }
}
