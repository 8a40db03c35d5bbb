using System.Text.Encodings.Web;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.ServiceDefaults.Identity;

/// <summary>Authenticates requests by the gateway's <see cref="CallerToken"/>: the one scheme of a service behind it.</summary>
internal sealed partial class CallerTokenHandler(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory loggers, UrlEncoder encoder, CallerToken tokens)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, loggers, encoder)
{
    public const string SchemeName = "CallerToken";

    protected override Task<AuthenticateResult> HandleAuthenticateAsync() => Task.FromResult(Authenticate());

    private AuthenticateResult Authenticate()
    {
        if (Request.Headers[CallerToken.Header] is not [{ Length: > 0 } value]) return AuthenticateResult.NoResult();
        if (tokens.Read(value) is { } caller) return CallerIdentity.Success(caller, SchemeName);
        LogUntrusted(Logger, Context.Connection.RemoteIpAddress?.ToString());
        // Not the fault of a key: the answer is that for a request which names nobody.
        return AuthenticateResult.NoResult();
    }

    [LoggerMessage(6101, LogLevel.Warning, "A request from {Address} names a caller, but not with our secret or too late; do the clocks agree, and gateway and services on Identity:InternalSecret?")]
    private static partial void LogUntrusted(ILogger logger, string? address);
}
