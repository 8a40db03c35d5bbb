using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Deepfake.ServiceDefaults.Outbound;

/// <summary>
/// Makes handlers for requests to addresses that clients name, safe against forgery of requests into the own network (SSRF): a name is
/// resolved once, every address it has must be public, and the connection goes to the very address that was checked.
/// </summary>
public sealed class GuardedHandler(IOptions<OutboundOptions> options)
{
    private readonly IPNetwork[] _allowed = options.Value.Networks();

    /// <summary>How names are resolved; tests have their own.</summary>
    public Func<string, CancellationToken, Task<IPAddress[]>> Resolve { get; init; } = Dns.GetHostAddressesAsync;

    /// <summary>
    /// Why an address can be refused without asking anybody: not https (http is for <see cref="OutboundOptions.AllowedNetworks"/> only), a
    /// user name, an address that is not public. Null if it may be tried; whether its name leads somewhere public shows when connecting.
    /// </summary>
    public string? Refuse(Uri address)
    {
        if (!address.IsAbsoluteUri || !(address.Scheme == Uri.UriSchemeHttps || (address.Scheme == Uri.UriSchemeHttp && _allowed.Length > 0))) return "the address is not https";
        if (address.UserInfo.Length > 0) return "the address holds a user name";
        if (address.IdnHost.Length == 0) return "the address has no host";
        return IPAddress.TryParse(address.IdnHost, out var literal) && !MayConnect(literal, address.Scheme) ? "the address is not public" : null;
    }

    /// <summary>
    /// A handler with a pool of its own: no proxy, no redirects, no cookies, no credentials, no decompression, no trace headers. A refused
    /// address throws an <see cref="HttpRequestException"/> that was <see cref="ForbiddenAddressException.Caused"/> so. The caller disposes.
    /// </summary>
    public SocketsHttpHandler Create() => new()
    {
        AllowAutoRedirect = false,
        UseProxy = false,
        UseCookies = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = DistributedContextPropagator.CreateNoOutputPropagator(), // strangers need not know our traces
        ConnectTimeout = TimeSpan.FromSeconds(10),
        PooledConnectionLifetime = TimeSpan.FromMinutes(2), // addresses are checked when connecting, so connections must not grow old
        PooledConnectionIdleTimeout = TimeSpan.FromSeconds(20),
        ConnectCallback = ConnectAsync,
    };

    private async ValueTask<Stream> ConnectAsync(SocketsHttpConnectionContext context, CancellationToken cancellationToken)
    {
        var (host, port) = (context.DnsEndPoint.Host, context.DnsEndPoint.Port);
        var scheme = context.InitialRequestMessage.RequestUri?.Scheme;
        // The resolver has ideas of its own about literals (it refuses 0.0.0.0, for one).
        var addresses = IPAddress.TryParse(host, out var literal) ? [literal] : await Resolve(host, cancellationToken);
        // One that is not public is enough to refuse: a name that has both kinds is up to something.
        if (!Array.TrueForAll(addresses, address => MayConnect(address, scheme))) throw new ForbiddenAddressException();
        if (addresses.Length == 0) throw new SocketException((int)SocketError.HostNotFound);

        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(addresses, port, cancellationToken);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    // What is in an allowed network may be called in the clear; nothing else may.
    private bool MayConnect(IPAddress address, string? scheme) =>
        (!address.IsIPv4MappedToIPv6 && Array.Exists(_allowed, network => network.Contains(address))) || (scheme == Uri.UriSchemeHttps && PublicAddress.IsPublic(address));
}

/// <summary>Composes what leaves the installation on behalf of clients.</summary>
public static class OutboundExtensions
{
    /// <summary>Adds <see cref="GuardedHandler"/>; every service that needs it calls this.</summary>
    public static IServiceCollection AddOutbound(this IServiceCollection services)
    {
        services.AddOptions<OutboundOptions>().BindConfiguration(OutboundOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        services.TryAddSingleton<GuardedHandler>();
        return services;
    }
}
