using System.Net;
using System.Net.Sockets;

namespace Deepfake.ServiceDefaults.Outbound;

/// <summary>
/// Tells addresses of the public internet from those that mean something inside a network only, or lead there by translation (IANA
/// special-purpose registries of IPv4 and IPv6, RFC 6890). In doubt an address is not public.
/// </summary>
public static class PublicAddress
{
    private static readonly IPNetwork[] Reserved =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "168.63.129.16/32", // the wire server of Azure: a public address that only exists inside
            "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    // Of IPv6 only this is given out for the internet; whatever embeds IPv4 (compatible, NAT64 …) lies outside, or is listed above.
    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");

    /// <summary>Whether an address belongs to the public internet. IPv4 in the dress of IPv6 does not: no honest name has such an address.</summary>
    public static bool IsPublic(IPAddress address) =>
        !address.IsIPv4MappedToIPv6 // first: a network takes it for the IPv4 address inside
        && (address.AddressFamily == AddressFamily.InterNetwork || GlobalUnicast.Contains(address))
        && !Array.Exists(Reserved, network => network.Contains(address));
}
