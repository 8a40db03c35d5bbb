using System.Text.RegularExpressions;
using System.Xml;
using Deepfake.Contracts;

namespace Deepfake.IngestService.Submission;

/// <summary>What a client says about its file. Nothing in here is trusted.</summary>
internal sealed partial record SubmissionFields
{
    /// <summary>Names of the fields, which are the same in a form, in a query and in JSON.</summary>
    public static readonly IReadOnlyList<string> Names = ["lane", "webhook", "webhook_url", "profile", "heat_maps", "retention", "reference", "metadata"];

    private const int MaxUrlLength = 2048;
    private const int MaxReferenceLength = 200;
    private static readonly TimeSpan MaxRetention = TimeSpan.FromDays(3650);

    /// <summary>Cleaned file name.</summary>
    public string? FileName { get; init; }

    /// <summary>Queue family.</summary>
    public Lane Lane { get; init; } = Lane.Interactive;

    /// <summary>Where to post the completion notice.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>Or the endpoint that gets it.</summary>
    public string? WebhookEndpointId { get; init; }

    /// <summary>What can change the result.</summary>
    public AnalysisOptions Options { get; init; } = new();

    /// <summary>How long everything stays after the end; null for the tenant's rule.</summary>
    public TimeSpan? Retention { get; init; }

    /// <summary>The client's own name for it.</summary>
    public string? Reference { get; init; }

    /// <summary>Whatever else the client wants to keep with it.</summary>
    public IReadOnlyDictionary<string, string>? Metadata { get; init; }

    /// <summary>Takes over a field by its public name; unknown and empty ones are ignored.</summary>
    /// <exception cref="SubmissionRejectedException">The value is not allowed.</exception>
    public SubmissionFields With(string name, string? value) => string.IsNullOrEmpty(value) ? this : name switch
    {
        "lane" => this with { Lane = ParseLane(value) },
        "webhook" when EndpointId().IsMatch(value) => this with { WebhookEndpointId = value },
        "webhook" or "webhook_url" => this with { WebhookUrl = ParseWebhookUrl(value) },
        "profile" => this with { Options = Options with { Profile = ParseProfile(value) } },
        "heat_maps" => this with { Options = Options with { HeatMaps = ParseSwitch(value) } },
        "retention" => this with { Retention = ParseRetention(value) },
        "reference" => this with { Reference = ParseReference(value) },
        "metadata" => this with { Metadata = ClientMetadata.Parse(value) },
        _ => this,
    };

    /// <summary>Fields given in the query; a form may override them.</summary>
    public static SubmissionFields FromQuery(IQueryCollection query, SubmissionFields? defaults = null) =>
        Names.Aggregate(defaults ?? new SubmissionFields(), (fields, name) => fields.With(name, query[name]));

    // The live lane is for streams, which do not come this way.
    private static Lane ParseLane(string value) => value switch
    {
        "interactive" => Lane.Interactive,
        "batch" => Lane.Batch,
        _ => throw Invalid("lane is 'interactive' or 'batch'."),
    };

    private static ThresholdProfile ParseProfile(string value) => value switch
    {
        "balanced" => ThresholdProfile.Balanced,
        "strict" => ThresholdProfile.Strict,
        "sensitive" => ThresholdProfile.Sensitive,
        _ => throw Invalid("profile is 'balanced', 'strict' or 'sensitive'."),
    };

    private static bool ParseSwitch(string value) => value switch
    {
        "true" => true,
        "false" => false,
        _ => throw Invalid("heat_maps is 'true' or 'false'."),
    };

    // Only the shape is checked here. Whether the address may be called is decided when it is called: names change.
    private static string ParseWebhookUrl(string value) =>
        value.Length <= MaxUrlLength && Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
        && uri.UserInfo.Length == 0 && uri.Host.Length > 0
            ? uri.AbsoluteUri
            : throw Invalid("A webhook is the id of an endpoint, or an absolute http or https address without user name, at most 2048 characters.");

    private static TimeSpan ParseRetention(string value)
    {
        try
        {
            var retention = XmlConvert.ToTimeSpan(value);
            if (retention >= TimeSpan.Zero && retention <= MaxRetention) return retention;
        }
        catch (Exception e) when (e is FormatException or OverflowException)
        {
            // Said below.
        }

        throw Invalid("retention is an ISO 8601 duration from PT0S to P3650D, for example P30D.");
    }

    private static string ParseReference(string value) =>
        value.Length <= MaxReferenceLength && !value.Any(char.IsControl)
            ? value
            : throw Invalid("reference is at most 200 characters without control characters.");

    private static SubmissionRejectedException Invalid(string detail) => new(ErrorCodes.InvalidRequest, detail);

    [GeneratedRegex("^[a-z]{2,4}_[0-9A-Za-z]{8,64}$", RegexOptions.NonBacktracking)]
    private static partial Regex EndpointId();
}
