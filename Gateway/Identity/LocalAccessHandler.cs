using System.Text.Encodings.Web;
using Deepfake.Gateway.Security;
using Deepfake.ServiceDefaults.Identity;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.Identity;

/// <summary>Authenticates a person at this machine, who needs no key where <see cref="IdentityOptions.AllowLocal"/> says so.</summary>
internal sealed partial class LocalAccessHandler(
    IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, IOptions<IdentityOptions> identity, NamedOrigins origins)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "Local";
    private static int _said;

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        if (!identity.Value.AllowLocal || !RequestOrigin.IsLocal(Context) || !RequestOrigin.IsOwn(Request, origins.All, trustSilence: true)) return AuthenticateResult.NoResult();
        if (Interlocked.Exchange(ref _said, 1) == 0) LogLocal(Logger);
        return CallerIdentity.Success(Caller.Local, SchemeName);
    }

    [LoggerMessage(6002, LogLevel.Information, "Requests from this machine need no API key (Identity:AllowLocal); from elsewhere they do")]
    private static partial void LogLocal(ILogger logger);
}
