using System.Globalization;
using Deepfake.Infrastructure.Limits;

namespace Deepfake.Gateway.RateLimiting;

/// <summary>One limit of a caller, as claims and headers name it.</summary>
/// <param name="Name">In headers and messages.</param>
/// <param name="Claim">What a request takes of it.</param>
/// <param name="Text">For people.</param>
internal sealed record NamedLimit(string Name, LimitClaim Claim, string Text)
{
    /// <summary>As an item of <c>RateLimit-Policy</c> (draft-ietf-httpapi-ratelimit-headers, section 3).</summary>
    public string Policy => Claim.Kind == LimitKind.Rate
        ? string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={Claim.Limit};w={Math.Max(1, (long)Math.Ceiling(Claim.Limit * Claim.Interval.TotalSeconds))}")
        : string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";q={Claim.Limit};w=86400{(Name.EndsWith("bytes", StringComparison.Ordinal) ? ";qu=\"content-bytes\"" : "")}");

    /// <summary>As an item of <c>RateLimit</c> (section 4).</summary>
    public string Show(LimitState state) => string.Create(CultureInfo.InvariantCulture, $"\"{Name}\";r={state.Remaining};t={(long)Math.Ceiling(state.Reset.TotalSeconds)}");
}

/// <summary>Which limits a request of a caller falls under.</summary>
internal static class RequestLimits
{
    /// <summary>Limits with what the request takes of them.</summary>
    /// <param name="limits">Of key and tenant.</param>
    /// <param name="keyId">Id of the key.</param>
    /// <param name="tenant">Its tenant.</param>
    /// <param name="submits">Whether the request submits something.</param>
    /// <param name="bytes">Length of its body; at least 1 where it has one of unknown length, 0 for none.</param>
    public static List<NamedLimit> Of(EffectiveLimits limits, string keyId, string tenant, bool submits, long bytes)
    {
        var found = new List<NamedLimit>();
        Add(found, limits.Key, "", $"k:{keyId}", "the key", submits, bytes);
        Add(found, limits.Tenant, "tenant-", $"t:{tenant}", "the tenant", submits, bytes);
        return found;
    }

    private static void Add(List<NamedLimit> found, KeyLimits limits, string prefix, string owner, string whose, bool submits, long bytes)
    {
        if (limits is { RequestsPerSecond: { } rate, Burst: { } burst })
        {
            found.Add(new NamedLimit(
                prefix + "requests", new LimitClaim($"{owner}:requests", LimitKind.Rate, burst, Interval: TimeSpan.FromSeconds(1 / rate)),
                string.Create(CultureInfo.InvariantCulture, $"{rate:0.###} requests a second ({burst} at once) of {whose}")));
        }

        if (submits && limits.UploadsPerDay is { } uploads)
            found.Add(new NamedLimit(prefix + "uploads", new LimitClaim($"{owner}:uploads", LimitKind.Day, uploads), $"{uploads} uploads a day of {whose}"));
        if (bytes > 0 && limits.BytesPerDay is { } most)
            found.Add(new NamedLimit(prefix + "bytes", new LimitClaim($"{owner}:bytes", LimitKind.Day, most, bytes), $"{most} bytes a day of {whose}"));
    }
}
