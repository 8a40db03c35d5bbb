using System.ComponentModel.DataAnnotations;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Configuration section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Webhooks";

    /// <summary>
    /// Signing secret for the <c>webhook_url</c> of analyses whose tenant has no default secret: <c>whsec_</c> and 24 to 64 bytes in
    /// base64. With neither, no notice is sent, and the record of an analysis that asked for one says <c>webhook_not_configured</c>.
    /// </summary>
    public string Secret { get; set; } = "";

    /// <summary>How long a receiver may take to answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Waits between attempts; one more attempt than waits. Up to a fifth is added by chance.</summary>
    public IReadOnlyList<TimeSpan> RetryDelays { get; set; } = [];

    /// <summary>How long an endpoint may fail without a success in between before it is switched off.</summary>
    [Range(typeof(TimeSpan), "00:01:00", "365.00:00:00")]
    public TimeSpan DisableAfter { get; set; } = TimeSpan.FromDays(5);

    /// <summary>How long a rotated secret goes on signing beside the new one.</summary>
    [Range(typeof(TimeSpan), "00:00:00", "30.00:00:00")]
    public TimeSpan RotationOverlap { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long the log keeps a delivery that is over.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromDays(30);

    /// <summary>Most endpoints of a tenant.</summary>
    [Range(1, 1000)]
    public int EndpointsPerTenant { get; set; } = 50;

    /// <summary>Attempts at once of one process, all endpoints together.</summary>
    [Range(1, 10_000)]
    public int Concurrency { get; set; } = 128;

    /// <summary>Attempts at once of one process to one endpoint.</summary>
    [Range(1, 1000)]
    public int ConcurrencyPerEndpoint { get; set; } = 4;

    /// <summary>How often due deliveries are looked for; what ends in the own process is sent at once.</summary>
    [Range(typeof(TimeSpan), "00:00:00.01", "00:05:00")]
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromSeconds(1);

    /// <summary>Whether the installation has a secret of its own.</summary>
    public bool IsConfigured => Secret.Length > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsConfigured && !WebhookSignature.TryReadSecret(Secret, out _))
            yield return new ValidationResult("Webhooks:Secret must be 'whsec_' and 24 to 64 bytes in base64.", [nameof(Secret)]);
        if (RetryDelays.Any(delay => delay < TimeSpan.Zero || delay > TimeSpan.FromDays(7)))
            yield return new ValidationResult("Webhooks:RetryDelays are from 0 to 7 days.", [nameof(RetryDelays)]);
    }
}
