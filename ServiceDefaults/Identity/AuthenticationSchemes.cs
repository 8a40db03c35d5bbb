using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.DependencyInjection;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>Authentication as the hosts of the product use it.</summary>
public static class AuthenticationSchemes
{
    /// <summary>Adds authentication without data protection, which <c>AddAuthentication</c> brings along: nothing here encrypts, and it would write keys to disk.</summary>
    /// <param name="services">Services of the host.</param>
    /// <param name="defaultScheme">The scheme that requests are authenticated by.</param>
    public static AuthenticationBuilder AddAuthenticationSchemes(this IServiceCollection services, string defaultScheme)
    {
        services.AddAuthenticationCore(options => options.DefaultScheme = defaultScheme);
        services.AddWebEncoders();
        return new AuthenticationBuilder(services);
    }
}
