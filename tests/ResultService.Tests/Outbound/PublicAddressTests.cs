using System.Net;
using Deepfake.ServiceDefaults.Outbound;

namespace Deepfake.ResultService.Tests.Outbound;

public sealed class PublicAddressTests
{
    /// <summary>First and last address of every network that is not public, and the neighbours outside where those are.</summary>
    [Theory]
    [InlineData("0.0.0.0", "0.255.255.255", null, "1.0.0.0")] // this network
    [InlineData("10.0.0.0", "10.255.255.255", "9.255.255.255", "11.0.0.0")] // private
    [InlineData("100.64.0.0", "100.127.255.255", "100.63.255.255", "100.128.0.0")] // carrier-grade NAT; 100.100.100.200 is a cloud's metadata
    [InlineData("127.0.0.0", "127.255.255.255", "126.255.255.255", "128.0.0.0")] // loopback
    [InlineData("168.63.129.16", "168.63.129.16", "168.63.129.15", "168.63.129.17")] // a cloud's wire server
    [InlineData("169.254.0.0", "169.254.255.255", "169.253.255.255", "169.255.0.0")] // link-local; 169.254.169.254 is the clouds' metadata
    [InlineData("172.16.0.0", "172.31.255.255", "172.15.255.255", "172.32.0.0")] // private
    [InlineData("192.0.0.0", "192.0.0.255", "191.255.255.255", "192.0.1.0")] // protocol assignments; 192.0.0.192 is a cloud's metadata
    [InlineData("192.0.2.0", "192.0.2.255", "192.0.1.255", "192.0.3.0")] // documentation
    [InlineData("192.88.99.0", "192.88.99.255", "192.88.98.255", "192.88.100.0")] // 6to4 relay
    [InlineData("192.168.0.0", "192.168.255.255", "192.167.255.255", "192.169.0.0")] // private
    [InlineData("198.18.0.0", "198.19.255.255", "198.17.255.255", "198.20.0.0")] // benchmarking
    [InlineData("198.51.100.0", "198.51.100.255", "198.51.99.255", "198.51.101.0")] // documentation
    [InlineData("203.0.113.0", "203.0.113.255", "203.0.112.255", "203.0.114.0")] // documentation
    [InlineData("224.0.0.0", "255.255.255.255", "223.255.255.255", null)] // multicast, reserved, broadcast
    [InlineData("::", "1fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null, "2003::")] // unspecified, loopback, mapped, NAT64, discard …
    [InlineData("2001::", "2001:1ff:ffff:ffff:ffff:ffff:ffff:ffff", "2000:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:200::")] // Teredo, benchmarking, ORCHID
    [InlineData("2001:db8::", "2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db7:ffff:ffff:ffff:ffff:ffff:ffff", "2001:db9::")] // documentation
    [InlineData("2002::", "2002:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2001:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "2003::")] // 6to4
    [InlineData("3fff::", "3fff:fff:ffff:ffff:ffff:ffff:ffff:ffff", "3ffe:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:1000::")] // documentation
    [InlineData("4000::", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "3fff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", null)] // not given out, local, multicast
    public void A_network_that_is_not_public_ends_where_the_registry_says(string first, string last, string? before, string? behind)
    {
        Assert.False(IsPublic(first), first);
        Assert.False(IsPublic(last), last);
        if (before is not null) Assert.True(IsPublic(before), before);
        if (behind is not null) Assert.True(IsPublic(behind), behind);
    }

    [Theory]
    [InlineData("::1")] // loopback
    [InlineData("::7f00:1")] // IPv4-compatible 127.0.0.1
    [InlineData("::808:808")] // IPv4-compatible 8.8.8.8
    [InlineData("::ffff:127.0.0.1")] // mapped
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("::ffff:8.8.8.8")] // a public one too: no honest name has it
    [InlineData("::ffff:0:127.0.0.1")] // IPv4-translated
    [InlineData("64:ff9b::7f00:1")] // NAT64
    [InlineData("64:ff9b::808:808")]
    [InlineData("64:ff9b:1::a00:1")] // NAT64 of the own network
    [InlineData("100::1")] // discard
    [InlineData("2001:0:4136:e378:8000:63bf:3fff:fdd2")] // Teredo
    [InlineData("2001:2::1")] // benchmarking
    [InlineData("2001:10::1")] // ORCHID
    [InlineData("2002:7f00:1::1")] // 6to4 of 127.0.0.1
    [InlineData("2002:808:808::1")] // 6to4 of 8.8.8.8
    [InlineData("5f00::1")] // segment routing
    [InlineData("fc00::1")] // unique local
    [InlineData("fd00:ec2::254")] // a cloud's metadata
    [InlineData("fd20:ce::254")]
    [InlineData("fe80::1")] // link-local
    [InlineData("fe80::1%1")]
    [InlineData("febf::1")]
    [InlineData("fec0::1")] // site-local
    [InlineData("ff02::1")] // multicast
    [InlineData("169.254.169.254")]
    [InlineData("100.100.100.200")]
    [InlineData("192.0.0.192")]
    [InlineData("255.255.255.255")]
    public void What_leads_inside_by_another_name_is_not_public(string address) => Assert.False(IsPublic(address));

    [Theory]
    [InlineData("8.8.8.8")]
    [InlineData("93.184.215.14")]
    [InlineData("2606:4700::1111")]
    [InlineData("2a00:1450:4001:830::200e")]
    public void What_the_internet_serves_is_public(string address) => Assert.True(IsPublic(address));

    private static bool IsPublic(string address) => PublicAddress.IsPublic(IPAddress.Parse(address));
}
