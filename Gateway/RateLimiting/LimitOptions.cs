using System.ComponentModel.DataAnnotations;
using Deepfake.Gateway.Identity;

namespace Deepfake.Gateway.RateLimiting;

/// <summary>Settings of rate limits and quotas, section <c>Limits</c>. Requests from this machine without a key have none.</summary>
public sealed class LimitOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Limits";

    private static readonly KeyLimits KeyDefaults = new() { RequestsPerSecond = 100, Burst = 200 };

    /// <summary>Of each key that has none of its own. Default: 100 requests a second, 200 at once, nothing else.</summary>
    public KeyLimits Key { get; set; } = new();

    /// <summary>Of all keys of a tenant together. Default: none.</summary>
    public KeyLimits Tenant { get; set; } = new();

    /// <summary>Of single tenants, by name, over those of all.</summary>
    public Dictionary<string, KeyLimits> Tenants { get; set; } = [];

    /// <summary>Keys that do not hold, of each client address (of IPv6, each /64), a minute in the long run; more are answered 429. 0 is no limit. Default 12.</summary>
    [Range(0, 60_000)]
    public double WrongKeysPerMinute { get; set; } = 12;

    /// <summary>Keys that do not hold, of each client address, at once. Default 20.</summary>
    [Range(1, 1_000_000)]
    public int WrongKeysAtOnce { get; set; } = 20;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        foreach (var limits in new[] { Key, Tenant }.Concat(Tenants.Values))
        {
            var found = new List<ValidationResult>();
            Validator.TryValidateObject(limits, new ValidationContext(limits), found, validateAllProperties: true);
            foreach (var result in found) yield return result;
        }
    }

    /// <summary>Whether limits that somebody set make sense.</summary>
    internal static bool IsValid(KeyLimits limits) => Validator.TryValidateObject(limits, new ValidationContext(limits), null, validateAllProperties: true);

    /// <summary>What holds for a key.</summary>
    internal EffectiveLimits For(ApiKey key) => new(
        (key.Limits ?? new KeyLimits()).Over(Key.Over(KeyDefaults)),
        (Tenants.GetValueOrDefault(key.Tenant) ?? new KeyLimits()).Over(Tenant.Over(new KeyLimits())));
}

/// <summary>The limits of a key and of its tenant; null is none.</summary>
internal sealed record EffectiveLimits(KeyLimits Key, KeyLimits Tenant);
