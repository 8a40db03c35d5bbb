using Deepfake.Contracts;

namespace Deepfake.IngestService.Submission;

/// <summary>What a client says about its file. Nothing in here is trusted.</summary>
internal sealed record SubmissionFields
{
    private const int MaxUrlLength = 2048;

    /// <summary>Cleaned file name.</summary>
    public string? FileName { get; init; }

    /// <summary>Queue family.</summary>
    public Lane Lane { get; init; } = Lane.Interactive;

    /// <summary>Where to post the completion notice.</summary>
    public string? WebhookUrl { get; init; }

    /// <summary>Takes over a field by its public name; unknown ones are ignored.</summary>
    /// <exception cref="SubmissionRejectedException">The value is not allowed.</exception>
    public SubmissionFields With(string name, string? value) => name switch
    {
        "lane" when !string.IsNullOrEmpty(value) => this with { Lane = ParseLane(value) },
        "webhook_url" when !string.IsNullOrEmpty(value) => this with { WebhookUrl = ParseWebhookUrl(value) },
        _ => this,
    };

    /// <summary>Fields given in the query; a form may override them.</summary>
    public static SubmissionFields FromQuery(IQueryCollection query) =>
        new SubmissionFields().With("lane", query["lane"]).With("webhook_url", query["webhook_url"]);

    // The live lane is for streams, which do not come this way.
    private static Lane ParseLane(string value) => value switch
    {
        "interactive" => Lane.Interactive,
        "batch" => Lane.Batch,
        _ => throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "lane is 'interactive' or 'batch'."),
    };

    // Only the shape is checked here. Whether the address may be called is decided when it is called: names change.
    private static string ParseWebhookUrl(string value) =>
        value.Length <= MaxUrlLength && Uri.TryCreate(value, UriKind.Absolute, out var uri) && uri.Scheme is "https" or "http"
        && uri.UserInfo.Length == 0 && uri.Host.Length > 0
            ? uri.AbsoluteUri
            : throw new SubmissionRejectedException(ErrorCodes.InvalidRequest, "webhook_url is an absolute http or https address without user name, at most 2048 characters.");
}
