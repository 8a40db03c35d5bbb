namespace Deepfake.Contracts;

/// <summary>Names of the tags that the product's own spans and log scopes carry; the others are those of OpenTelemetry's conventions.</summary>
public static class TelemetryTags
{
    /// <summary>Id of the one analysis that a span or a log line is about.</summary>
    public const string AnalysisId = "deepfake.analysis.id";

    /// <summary>Number of the face pack, from 0.</summary>
    public const string Shard = "deepfake.shard";

    /// <summary>Format of the medium, as its content says.</summary>
    public const string Format = "deepfake.format";

    /// <summary>Frames that were taken.</summary>
    public const string Frames = "deepfake.frames";

    /// <summary>Faces that were cropped or scored.</summary>
    public const string Faces = "deepfake.faces";

    /// <summary>Models that gave scores.</summary>
    public const string Models = "deepfake.models";

    /// <summary>Forensic signals that applied.</summary>
    public const string Signals = "deepfake.signals";

    /// <summary>Id of the webhook endpoint.</summary>
    public const string WebhookEndpoint = "deepfake.webhook.endpoint";

    /// <summary>Number of the attempt to deliver a notice, from 1.</summary>
    public const string WebhookAttempt = "deepfake.webhook.attempt";
}
