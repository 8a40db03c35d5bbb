namespace Deepfake.Infrastructure.Limits;

/// <summary>
/// The arithmetic of limits in whole microseconds since 1970, which <see cref="RedisLimiter"/>'s script repeats. A bucket is one number:
/// the time at which it would be full (the "theoretical arrival time" of GCRA); a token taken moves it on by an interval.
/// </summary>
internal static class LimitArithmetic
{
    public const long Day = 86_400_000_000;

    /// <summary>Where a bucket stands with a claim, and the time of fullness to keep if the claim is taken.</summary>
    public static (long FullAt, long Wait) Rate(LimitClaim claim, long fullAt, long now)
    {
        var next = Math.Max(fullAt, now) + (claim.Amount * claim.Microseconds);
        return (next, Math.Max(0, next - now - (claim.Limit * claim.Microseconds)));
    }

    /// <summary>What a bucket shows.</summary>
    public static LimitState RateState(LimitClaim claim, long fullAt, long now, long wait)
    {
        var missing = Math.Max(0, fullAt - now);
        return State(((claim.Limit * claim.Microseconds) - missing) / claim.Microseconds, missing, wait);
    }

    /// <summary>Until tomorrow (UTC).</summary>
    public static long Rest(long now) => Day - (now % Day);

    public static LimitState State(long remaining, long reset, long wait) =>
        new(Math.Max(0, remaining), TimeSpan.FromMicroseconds(reset), TimeSpan.FromMicroseconds(wait));
}
