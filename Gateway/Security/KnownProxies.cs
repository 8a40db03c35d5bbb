using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.HttpOverrides;
using Microsoft.Extensions.Options;
using IPNetwork = System.Net.IPNetwork;

namespace Deepfake.Gateway.Security;

/// <summary>Load balancers and proxies in front, section <c>Gateway</c>.</summary>
public sealed class KnownProxiesOptions : IValidatableObject
{
    /// <summary>
    /// Networks in CIDR notation, separated by commas, whose word (<c>X-Forwarded-For</c>, <c>X-Forwarded-Proto</c>) on who their client is
    /// is believed; nobody's by default.
    /// </summary>
    public string KnownProxies { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from text in Texts()
        where !IPNetwork.TryParse(text, out _)
        select new ValidationResult($"Gateway:KnownProxies: '{text}' is no network such as 10.20.0.0/16 or 10.20.0.5/32.", [nameof(KnownProxies)]);

    internal IPNetwork[] Networks() => [.. Texts().Select(IPNetwork.Parse)];

    private string[] Texts() => KnownProxies.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}

/// <summary>Takes a client's address from the proxies that may say it, so that limits by address count clients and not the proxy.</summary>
public static class KnownProxies
{
    /// <summary>Adds <see cref="KnownProxiesOptions"/>.</summary>
    public static IHostApplicationBuilder AddKnownProxies(this IHostApplicationBuilder builder)
    {
        builder.Services.AddOptions<KnownProxiesOptions>().BindConfiguration(GatewayOptions.Section).ValidateDataAnnotations().ValidateOnStart();
        return builder;
    }

    /// <summary>Before everything that asks for the client's address or scheme.</summary>
    public static IApplicationBuilder UseKnownProxies(this IApplicationBuilder app)
    {
        var networks = app.ApplicationServices.GetRequiredService<IOptions<KnownProxiesOptions>>().Value.Networks();
        if (networks.Length == 0) return app;
        // As many as there are in a row: the first address that is none of theirs is the client's, whatever that client sent before it.
        var options = new ForwardedHeadersOptions { ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto, ForwardLimit = null };
        options.KnownProxies.Clear();
        options.KnownIPNetworks.Clear();
        foreach (var network in networks) options.KnownIPNetworks.Add(network);
        return app.UseForwardedHeaders(options);
    }
}
