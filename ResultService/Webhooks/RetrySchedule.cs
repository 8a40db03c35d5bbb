namespace Deepfake.ResultService.Webhooks;

/// <summary>When a failed delivery is tried again.</summary>
public static class RetrySchedule
{
    private static readonly TimeSpan LongestRetryAfter = TimeSpan.FromHours(24);

    /// <summary>The waits of Standard Webhooks 1.0 ("Deliverability and reliability"): ten attempts in three days and four hours.</summary>
    public static IReadOnlyList<TimeSpan> Standard { get; } =
    [
        TimeSpan.FromSeconds(5), TimeSpan.FromMinutes(5), TimeSpan.FromMinutes(30), TimeSpan.FromHours(2), TimeSpan.FromHours(5),
        TimeSpan.FromHours(10), TimeSpan.FromHours(14), TimeSpan.FromHours(20), TimeSpan.FromHours(24),
    ];

    /// <summary>How long to wait after a failure; null to give up.</summary>
    /// <param name="delays">Waits between attempts.</param>
    /// <param name="failures">Failed attempts by now, from 1.</param>
    /// <param name="retryAfter">What the receiver asked for; taken if it is longer, up to a day.</param>
    /// <param name="chance">In [0,1): up to a fifth of the wait is added, so that what failed together does not come back together.</param>
    public static TimeSpan? Next(IReadOnlyList<TimeSpan> delays, int failures, TimeSpan? retryAfter, double chance)
    {
        if (failures > delays.Count) return null;
        var wait = delays[failures - 1];
        if (retryAfter > wait) wait = retryAfter < LongestRetryAfter ? retryAfter.Value : LongestRetryAfter;
        return wait * (1 + (0.2 * chance));
    }
}
