using System.ComponentModel.DataAnnotations;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Hosting;
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
public static class TrustedCallers
{
    /// <summary>Adds <see cref="CallerToken"/>; the host does not start without <c>Identity:InternalSecret</c>.</summary>
    public static IHostApplicationBuilder AddCallerToken(this IHostApplicationBuilder builder)
    {
        builder.Services.TryAddSingleton(TimeProvider.System);
        builder.Services.AddOptions<TrustOptions>().BindConfiguration("Identity").ValidateDataAnnotations().ValidateOnStart();
        builder.Services.AddSingleton(provider =>
            new CallerToken(provider.GetRequiredService<IOptions<TrustOptions>>().Value.InternalSecret!, provider.GetRequiredService<TimeProvider>()));
        return builder;
    }

    /// <summary>Adds the authentication scheme of a service behind the gateway, and <see cref="CallerToken"/>.</summary>
    public static IHostApplicationBuilder AddTrustedCallers(this IHostApplicationBuilder builder)
    {
        builder.AddCallerToken();
        builder.Services.AddAuthenticationSchemes(CallerTokenHandler.SchemeName).AddScheme<AuthenticationSchemeOptions, CallerTokenHandler>(CallerTokenHandler.SchemeName, null);
        return builder;
    }

    /// <summary>Takes the caller from the gateway's header and holds them against what endpoints ask. Comes after errors are set up.</summary>
    public static IApplicationBuilder UseTrustedCallers(this IApplicationBuilder app) => app.UseAuthentication().UseAuthorization();
}
