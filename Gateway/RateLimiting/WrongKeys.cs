using System.Diagnostics.Metrics;
using System.Net;
using System.Net.Sockets;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Limits;
using Deepfake.ServiceDefaults;
using Deepfake.ServiceDefaults.Identity;
using Deepfake.ServiceDefaults.Problems;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Deepfake.Gateway.RateLimiting;

/// <summary>
/// Holds an address against the keys it tried that do not hold: more than a few are answered 429. A key that holds never comes here, so
/// nobody is locked out by a neighbour behind the same address.
/// </summary>
internal sealed partial class WrongKeys(ILimiter limiter, IOptions<LimitOptions> options, TimeProvider time, ILogger<WrongKeys> logger)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);
    private static readonly Counter<long> Seen = Telemetry.Meter.CreateCounter<long>("deepfake.keys.wrong", "{request}", "Requests with an API key that does not hold");

    /// <summary>Whether a request brought a key that does not hold.</summary>
    public static async Task<bool> IsWrongAsync(HttpContext context) => (await context.AuthenticateAsync()).Failure is not (null or CallerUnavailableException);

    /// <summary>Counts a wrong key.</summary>
    /// <returns>The answer where there were too many; null where this one may hear that it is wrong.</returns>
    public async Task<IResult?> CountAsync(HttpContext context)
    {
        Seen.Add(1);
        if (Claim(context.Connection.RemoteIpAddress) is not { } claim) return null;
        try
        {
            var decision = await limiter.TakeAsync([claim], context.RequestAborted).WaitAsync(Patience, time, context.RequestAborted);
            return decision.Granted ? null : Problem.Answer(ErrorCodes.RateLimited, "Too many API keys from this address do not hold.", retryAfter: decision.States[0].Wait);
        }
        catch (Exception e) when (!context.RequestAborted.IsCancellationRequested)
        {
            // The key is refused all the same.
            LogOutage(logger, e);
            return null;
        }
    }

    private LimitClaim? Claim(IPAddress? address) => options.Value is { WrongKeysPerMinute: > 0 and var rate, WrongKeysAtOnce: var burst }
        ? new LimitClaim($"a:{Network(address)}:wrong", LimitKind.Rate, burst, Interval: TimeSpan.FromMinutes(1 / rate))
        : null;

    /// <summary>An address of IPv4; the /64 of one of IPv6, of which a single line has them all.</summary>
    internal static string Network(IPAddress? address)
    {
        if (address is null) return "none";
        if (address.IsIPv4MappedToIPv6) address = address.MapToIPv4();
        return address.AddressFamily == AddressFamily.InterNetworkV6 ? Convert.ToHexStringLower(address.GetAddressBytes().AsSpan(0, 8)) : address.ToString();
    }

    [LoggerMessage(6202, LogLevel.Warning, "The limits' counters are out of reach: wrong keys are refused uncounted")]
    private static partial void LogOutage(ILogger logger, Exception exception);
}
