using System.ComponentModel.DataAnnotations;

namespace Deepfake.Gateway.RateLimiting;

/// <summary>How much may be asked for. What is not set is as the defaults say; 0 is no limit.</summary>
public sealed record KeyLimits
{
    /// <summary>Requests a second, in the long run.</summary>
    [Range(0, 1_000_000)]
    public double? RequestsPerSecond { get; init; }

    /// <summary>Requests at once after a pause; twice the requests of a second where only those are set.</summary>
    [Range(0, 1_000_000)]
    public int? Burst { get; init; }

    /// <summary>Accepted submissions a day (UTC). A batch counts once.</summary>
    [Range(0, long.MaxValue)]
    public long? UploadsPerDay { get; init; }

    /// <summary>Bytes of request bodies a day (UTC).</summary>
    [Range(0, long.MaxValue)]
    public long? BytesPerDay { get; init; }

    /// <summary>Analyses that are not over.</summary>
    [Range(0, int.MaxValue)]
    public int? ConcurrentAnalyses { get; init; }

    /// <summary>These limits over others; from here on null is no limit.</summary>
    internal KeyLimits Over(KeyLimits defaults)
    {
        var rate = RequestsPerSecond ?? defaults.RequestsPerSecond;
        var burst = Burst ?? (RequestsPerSecond is null ? defaults.Burst : null);
        return new KeyLimits
        {
            RequestsPerSecond = rate is > 0 ? rate : null,
            Burst = rate is > 0 ? burst is > 0 ? burst : (int)Math.Clamp(Math.Ceiling(2 * rate.Value), 1, 1_000_000) : null,
            UploadsPerDay = Set(UploadsPerDay ?? defaults.UploadsPerDay),
            BytesPerDay = Set(BytesPerDay ?? defaults.BytesPerDay),
            ConcurrentAnalyses = (int?)Set(ConcurrentAnalyses ?? defaults.ConcurrentAnalyses),
        };
    }

    private static long? Set(long? limit) => limit is > 0 ? limit : null;
}
