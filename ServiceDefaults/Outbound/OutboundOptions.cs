using System.ComponentModel.DataAnnotations;
using System.Net;

namespace Deepfake.ServiceDefaults.Outbound;

/// <summary>Configuration section <c>Outbound</c>: where requests to addresses that clients name may go.</summary>
public sealed class OutboundOptions : IValidatableObject
{
    /// <summary>Name of the section.</summary>
    public const string Section = "Outbound";

    /// <summary>
    /// Networks in CIDR notation, separated by commas, that may be called although they are not public, by http as well. For closed
    /// networks and tests; empty by default.
    /// </summary>
    public string AllowedNetworks { get; set; } = "";

    /// <inheritdoc/>
    public IEnumerable<ValidationResult> Validate(ValidationContext validationContext) =>
        from text in Texts()
        where !IPNetwork.TryParse(text, out _)
        select new ValidationResult($"Outbound:AllowedNetworks: '{text}' is no network such as 10.20.0.0/16 or fd12:3456::/32.", [nameof(AllowedNetworks)]);

    internal IPNetwork[] Networks() => [.. Texts().Select(IPNetwork.Parse)];

    private string[] Texts() => AllowedNetworks.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
}
