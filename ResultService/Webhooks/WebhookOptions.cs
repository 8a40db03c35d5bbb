using System.ComponentModel.DataAnnotations;

namespace Deepfake.ResultService.Webhooks;

/// <summary>Configuration section <c>Webhooks</c>.</summary>
public sealed class WebhookOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Webhooks";

    /// <summary>
    /// Signing secret, <c>whsec_</c> and 24 to 64 bytes in base64. Without it no notice is sent, and the record of an analysis that asked
    /// for one says <c>webhook_not_configured</c>.
    /// </summary>
    public string Secret { get; set; } = "";

    /// <summary>How long a receiver may take to answer.</summary>
    [Range(typeof(TimeSpan), "00:00:00.1", "00:01:00")]
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(15);

    /// <summary>Whether notices can be signed.</summary>
    public bool IsConfigured => Secret.Length > 0;

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext)
    {
        if (IsConfigured && !WebhookSignature.TryReadSecret(Secret, out _))
            yield return new ValidationResult("Webhooks:Secret must be 'whsec_' and 24 to 64 bytes in base64.", [nameof(Secret)]);
    }
}
