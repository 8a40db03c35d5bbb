using System.Buffers.Binary;
using System.Net;
using System.Net.Sockets;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Tells addresses of the public internet from those that only mean something inside a network (IANA special-purpose registries).</summary>
public static class PublicAddress
{
    private static readonly IPNetwork[] Reserved =
    [
        .. new[]
        {
            "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24",
            "192.168.0.0/16", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
            "2001::/23", "2001:db8::/32", "3fff::/20",
        }.Select(IPNetwork.Parse),
    ];

    private static readonly IPNetwork GlobalUnicast = IPNetwork.Parse("2000::/3");
    private static readonly IPNetwork SixToFour = IPNetwork.Parse("2002::/16");
    private static readonly IPNetwork Nat64 = IPNetwork.Parse("64:ff9b::/96");

    /// <summary>Whether an address belongs to the public internet. Embedded IPv4 addresses are looked through.</summary>
    public static bool IsPublic(IPAddress address)
    {
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        if (address.AddressFamily == AddressFamily.InterNetworkV6)
        {
            var bytes = address.GetAddressBytes();
            if (SixToFour.Contains(address)) return IsPublic(V4(bytes.AsSpan(2, 4)));
            if (Nat64.Contains(address)) return IsPublic(V4(bytes.AsSpan(12, 4)));
            if (!GlobalUnicast.Contains(address)) return false;
        }

        return !Array.Exists(Reserved, network => network.Contains(address));
    }

    private static IPAddress V4(ReadOnlySpan<byte> bytes) => new(BinaryPrimitives.ReverseEndianness(BinaryPrimitives.ReadUInt32BigEndian(bytes)) & 0xffffffffL);
}
