using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Forwarder;

namespace Deepfake.Gateway.Proxying;

/// <summary>The proxy's connections: its defaults, with our patience.</summary>
internal sealed class ProxyClientFactory(IOptions<GatewayOptions> options) : ForwarderHttpClientFactory
{
    protected override void ConfigureHandler(ForwarderHttpClientContext context, SocketsHttpHandler handler)
    {
        base.ConfigureHandler(context, handler);
        handler.ConnectTimeout = options.Value.ConnectTimeout;
    }
}
