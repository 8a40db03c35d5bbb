namespace Deepfake.Infrastructure.Limits;

/// <summary>Counts what callers ask for: in Redis, so that all gateways count together, or in the process of the embedded host.</summary>
public interface ILimiter
{
    /// <summary>Takes all that is claimed or, if one claim does not fit, nothing.</summary>
    /// <param name="claims">Claims with different names.</param>
    /// <param name="cancellationToken">Cancels; what was counted by then stays counted.</param>
    Task<LimitDecision> TakeAsync(IReadOnlyList<LimitClaim> claims, CancellationToken cancellationToken);

    /// <summary>Corrects what a day's quota counts, after the fact.</summary>
    /// <param name="name">Name of the quota.</param>
    /// <param name="amount">More, or less if negative; the count does not fall below 0.</param>
    /// <param name="cancellationToken">Cancels.</param>
    Task CorrectAsync(string name, long amount, CancellationToken cancellationToken);
}

/// <summary>How a limit counts.</summary>
public enum LimitKind
{
    /// <summary>A bucket of tokens that fills up evenly (GCRA, ITU-T I.371).</summary>
    Rate,

    /// <summary>A count that begins anew each day (UTC).</summary>
    Day,
}

/// <summary>What a request takes of one limit.</summary>
/// <param name="Name">Name of the counter: of whom, and what.</param>
/// <param name="Kind">How it counts.</param>
/// <param name="Limit">Tokens that the bucket holds, or units a day; at least 1.</param>
/// <param name="Amount">Tokens or units to take; at least 1.</param>
/// <param name="Interval">Time in which one token comes back; not of a day's quota. Whole microseconds.</param>
public sealed record LimitClaim(string Name, LimitKind Kind, long Limit, long Amount = 1, TimeSpan Interval = default)
{
    internal long Microseconds => Math.Max(1, Interval.Ticks / TimeSpan.TicksPerMicrosecond);
}

/// <summary>What came of claims.</summary>
/// <param name="Granted">Whether all was taken.</param>
/// <param name="States">Where each limit stands now, in the order of the claims.</param>
public sealed record LimitDecision(bool Granted, IReadOnlyList<LimitState> States);

/// <summary>Where a limit stands.</summary>
/// <param name="Remaining">Tokens or units left.</param>
/// <param name="Reset">Until all are there again.</param>
/// <param name="Wait">Until a refused claim could fit; zero for one that does.</param>
public sealed record LimitState(long Remaining, TimeSpan Reset, TimeSpan Wait);
