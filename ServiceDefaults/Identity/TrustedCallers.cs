using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>What gateway and services share to trust each other, section <c>Identity</c>.</summary>
public sealed class TrustOptions
{
    /// <summary>
    /// At least 32 characters of randomness, the same in the gateway and in the services behind it. Whoever knows it can be anybody:
    /// treat it as a password.
    /// </summary>
    [Required(ErrorMessage = "Identity:InternalSecret is missing: at least 32 random characters, the same for gateway and services.")]
    [MinLength(32, ErrorMessage = "Identity:InternalSecret has fewer than 32 characters.")]
    public string? InternalSecret { get; set; }
}

/// <summary>Lets a service behind the gateway believe what the gateway says of callers, and nobody else.</summary>
public static partial class TrustedCallers
{
    /// <summary>Adds <see cref="CallerToken"/>; the host does not start without <c>Identity:InternalSecret</c>.</summary>
    public static IHostApplicationBuilder AddTrustedCallers(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<TrustOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(provider =>
            new CallerToken(provider.GetRequiredService<IOptions<TrustOptions>>().Value.InternalSecret!, provider.GetRequiredService<TimeProvider>()));
        return builder;
    }

    /// <summary>Takes the caller from the gateway's header and holds them against what endpoints ask. Comes after errors are set up.</summary>
    public static IApplicationBuilder UseTrustedCallers(this IApplicationBuilder app)
    {
        var tokens = app.ApplicationServices.GetRequiredService<CallerToken>();
        var logger = app.ApplicationServices.GetRequiredService<ILogger<CallerToken>>();
        return app.Use((context, next) =>
        {
            if (context.Request.Headers[CallerToken.Header] is [{ Length: > 0 } value])
            {
                if (tokens.Read(value) is { } caller) context.Features.Set(caller);
                else LogUntrusted(logger, context.Connection.RemoteIpAddress?.ToString());
            }

            return next(context);
        }).UseScopes();
    }

    [LoggerMessage(6101, LogLevel.Warning, "A request from {Address} names a caller, but not with our secret or too late; do the clocks agree, and gateway and services on Identity:InternalSecret?")]
    private static partial void LogUntrusted(ILogger logger, string? address);
}
