using System.Net;
using Deepfake.Contracts;
using Deepfake.IngestService.Submission;
using Deepfake.ServiceDefaults.Outbound;

namespace Deepfake.IngestService.Fetching;

/// <summary>
/// Reads addresses that clients, and the servers they name, ask us to fetch. Only what everybody reads the same way is let through: forms
/// that one parser takes for a name and another for an address are refused, whatever they mean.
/// </summary>
internal static class RemoteAddress
{
    /// <summary>Longest address.</summary>
    public const int MaxLength = 2048;

    /// <summary>Reads an address that a client gave.</summary>
    /// <param name="text">As it came.</param>
    /// <param name="guard">Knows which addresses may be called.</param>
    /// <param name="ports">Ports besides the scheme's own; null for any.</param>
    /// <exception cref="SubmissionRejectedException">It must not be fetched. What stands behind its name shows when connecting.</exception>
    public static Uri Read(string text, GuardedHandler guard, IReadOnlySet<int>? ports)
    {
        // Parsers disagree about what to do with these; none belongs into an address.
        if (text.Length is 0 or > MaxLength || text.Any(c => c <= ' ' || c is '\\' or '\u007f' || char.IsControl(c) || char.IsWhiteSpace(c))) throw Forbidden("The address is too long, or holds characters that belong into none.");
        if (!Uri.TryCreate(text, UriKind.Absolute, out var address)) throw Forbidden("The address is malformed.");
        Check(address, guard, ports);
        var authority = Authority(text, address.Scheme);
        if (authority.Contains('@', StringComparison.Ordinal)) throw Forbidden("The address holds a user name.");
        if (authority.Contains('%', StringComparison.Ordinal)) throw Forbidden("The address has an escaped host or a zone.");
        // 0x7f.1, 0177.1, 2130706433 and the like: the parser made an address of something that does not look like it.
        if (address.HostNameType == UriHostNameType.IPv4 && !authority.StartsWith(address.Host, StringComparison.Ordinal)) throw Forbidden("The host is a number.");
        return address;
    }

    /// <summary>Where a redirect leads.</summary>
    /// <exception cref="SubmissionRejectedException">To nowhere that may be called.</exception>
    public static Uri Follow(Uri from, Uri location, GuardedHandler guard, IReadOnlySet<int>? ports)
    {
        var text = location.OriginalString;
        if (location.IsAbsoluteUri) return Secure(from, Read(text, guard, ports));
        if (text.Length > MaxLength || text.Contains('\\', StringComparison.Ordinal) || !Uri.TryCreate(from, location, out var address)) throw Forbidden("A redirect leads to a malformed address.");
        return Secure(from, Read(address.AbsoluteUri, guard, ports));
    }

    /// <summary>An address must not be fetched.</summary>
    public static SubmissionRejectedException Forbidden(string detail, Exception? inner = null) => new(ErrorCodes.UrlNotAllowed, detail, inner);

    private static void Check(Uri address, GuardedHandler guard, IReadOnlySet<int>? ports)
    {
        if (guard.Refuse(address) is { } reason) throw Forbidden($"T{reason[1..]}.");
        if (ports is not null && !address.IsDefaultPort && !ports.Contains(address.Port)) throw Forbidden("The port is not allowed.");
        var host = address.IdnHost;
        if (address.HostNameType == UriHostNameType.Dns && (host.EndsWith('.') || IsNumber(host[(host.LastIndexOf('.') + 1)..]) || IPAddress.TryParse(host, out _)))
            throw Forbidden("The host is no name.");
    }

    private static Uri Secure(Uri from, Uri to) =>
        from.Scheme == Uri.UriSchemeHttps && to.Scheme != Uri.UriSchemeHttps ? throw Forbidden("A redirect leads from https to http.") : to;

    private static string Authority(string text, string scheme)
    {
        var start = scheme.Length + "://".Length;
        if (text.Length <= start || !text.AsSpan(scheme.Length, 3).SequenceEqual("://")) throw Forbidden("The address is malformed.");
        var end = text.IndexOfAny(['/', '?', '#'], start);
        return text[start..(end < 0 ? text.Length : end)];
    }

    /// <summary>A last label that is a number makes the host an address for some parsers (WHATWG URL, "ends in a number").</summary>
    private static bool IsNumber(string label) =>
        label.Length > 0 && (label.All(char.IsAsciiDigit) || (label.StartsWith("0x", StringComparison.OrdinalIgnoreCase) && label.Skip(2).All(char.IsAsciiHexDigit)));
}
