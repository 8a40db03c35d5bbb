using Deepfake.Gateway.Proxying;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Tracing;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.Options;
using Yarp.ReverseProxy.Configuration;
using Yarp.ReverseProxy.Forwarder;
using Yarp.ReverseProxy.Health;
using Yarp.ReverseProxy.Transforms;

namespace Deepfake.Gateway;

/// <summary>Composes the gateway: the front door, and behind it the proxy to the services.</summary>
public static class GatewayExtensions
{
    /// <summary>Adds front door and proxy. The host brings its infrastructure (<c>AddGatewayInfrastructure</c>). Service addresses come from <c>services:NAME:http:N</c>.</summary>
    public static IHostApplicationBuilder AddGateway(this IHostApplicationBuilder builder)
    {
        builder.AddFrontDoor();
        builder.AddCallerToken();
        var services = builder.Services;
        services.AddOptions<GatewayOptions>().BindConfiguration(GatewayOptions.Section)
            .Configure<IConfiguration>(GatewayOptions.ReadAlias).ValidateDataAnnotations().ValidateOnStart();
        services.AddRequestTimeouts();
        services.Configure<KestrelServerOptions>(kestrel =>
            kestrel.Limits.MinRequestBodyDataRate = new MinDataRate(bytesPerSecond: 8 * 1024, gracePeriod: TimeSpan.FromSeconds(15)));
        services.Configure<TransportFailureRateHealthPolicyOptions>(health =>
        {
            health.DetectionWindowSize = TimeSpan.FromSeconds(10);
            health.MinimalTotalCountThreshold = 3;
            health.DefaultFailureRateLimit = 0.5;
        });
        // A request that is passed on is named by the pattern it was let in by, not by its address.
        services.AddReverseProxy().AddTransforms(transforms => transforms.AddRequestTransform(transform =>
        {
            if (transforms.Route.Match.Path is { } pattern) transform.ProxyRequest.SetUrlTemplate(pattern);
            return ValueTask.CompletedTask;
        }));
        // Only session affinity, which is not used, encrypts anything: no keys on disk.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        // A change of health is logged once; each failed probe would be, with its stack.
        builder.Logging.AddFilter("Yarp.ReverseProxy.Health.ActiveHealthCheckMonitor", LogLevel.Error);
        services.AddSingleton<IForwarderHttpClientFactory, ProxyClientFactory>();
        services.AddSingleton<IProxyConfigProvider>(provider =>
        {
            var options = provider.GetRequiredService<IOptions<GatewayOptions>>().Value;
            return new InMemoryConfigProvider(ProxyTable.Routes(options, provider.GetRequiredService<IConfiguration>()), ProxyTable.Clusters(options, provider.GetRequiredService<IConfiguration>()));
        });
        return builder;
    }

    /// <summary>Middleware of the gateway, before its endpoints.</summary>
    public static IApplicationBuilder UseGateway(this IApplicationBuilder app) => app.UseFrontDoor().UseRequestTimeouts();

    /// <summary>Maps page, documents and the way to the services.</summary>
    public static IEndpointRouteBuilder MapGateway(this IEndpointRouteBuilder app)
    {
        app.MapFrontDoor();
        app.MapReverseProxy(ProxyPipeline.Build);
        return app;
    }
}
