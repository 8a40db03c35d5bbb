using System.ComponentModel.DataAnnotations;

namespace Deepfake.Gateway.Identity;

/// <summary>Settings of keys and sessions, section <c>Identity</c>.</summary>
public sealed class IdentityOptions : IValidatableObject
{
    /// <summary>Name of the configuration section.</summary>
    public const string Section = "Identity";

    /// <summary>
    /// A whole key, as the command <c>key</c> prints one, that may do everything for as long as it stands here: for making the first
    /// keys. It is stored nowhere else.
    /// </summary>
    public string? BootstrapKey { get; set; }

    /// <summary>Whether requests from this machine need no key. Default true in the embedded host, false in the gateway.</summary>
    public bool AllowLocal { get; set; }

    /// <summary>For how long a gateway believes what it knows of a key: a revocation takes as long to be heard everywhere. Default 5 s.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "00:01:00")]
    public TimeSpan CacheLife { get; set; } = TimeSpan.FromSeconds(5);

    /// <summary>For how long it goes on to believe it while the database is out of reach. Default 5 min.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "1.00:00:00")]
    public TimeSpan OutageLife { get; set; } = TimeSpan.FromMinutes(5);

    /// <summary>For how long the former secret holds after a rotation that does not say. Default 24 h.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan RotationGrace { get; set; } = TimeSpan.FromHours(24);

    /// <summary>Length of a browser's session. Default 8 h.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "30.00:00:00")]
    public TimeSpan SessionLife { get; set; } = TimeSpan.FromHours(8);

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (!string.IsNullOrEmpty(BootstrapKey) && !ApiKeyText.TryParse(BootstrapKey, out _))
            yield return new ValidationResult("Identity:BootstrapKey is no key, or mistyped; the command 'key' prints one.", [nameof(BootstrapKey)]);
    }
}
