using System.Diagnostics;
using System.Diagnostics.Metrics;
using Deepfake.Contracts;

namespace Deepfake.ServiceDefaults;

/// <summary>Where the product's own spans and instruments come from.</summary>
public static class Telemetry
{
    /// <summary>Name of the product's own activity source and meter.</summary>
    public const string SourceName = "Deepfake";

    /// <summary>Spans of the product's own stages.</summary>
    public static ActivitySource Source { get; } = new(SourceName);

    /// <summary>Instruments of the product's own stages.</summary>
    public static Meter Meter { get; } = new(SourceName);

    /// <summary>Starts a span of a stage of one analysis; what happens inside is tagged with its id as well.</summary>
    /// <param name="name">What is done; the same for every analysis.</param>
    /// <param name="analysisId">The analysis; null where the work belongs to none.</param>
    /// <param name="parent">The span it goes on from, where that is not the current one.</param>
    /// <param name="kind">Its role towards others.</param>
    /// <returns>Null while nobody listens.</returns>
    public static Activity? StartAnalysisActivity(string name, string? analysisId, ActivityContext parent = default, ActivityKind kind = ActivityKind.Internal) =>
        Source.StartActivity(name, kind, parent, Tags(analysisId));

    /// <summary>Starts a span that begins a trace of its own and refers to the one that caused it.</summary>
    /// <param name="name">What is done; the same for every analysis.</param>
    /// <param name="analysisId">The analysis; null where the work belongs to none.</param>
    /// <param name="cause">The span that caused it; nothing is linked where it is the default.</param>
    /// <param name="kind">Its role towards others.</param>
    /// <returns>Null while nobody listens.</returns>
    public static Activity? StartLinkedActivity(string name, string? analysisId, ActivityContext cause, ActivityKind kind = ActivityKind.Internal)
    {
        Activity.Current = null;
        return Source.StartActivity(name, kind, parentContext: default, Tags(analysisId), cause == default ? null : [new ActivityLink(cause)]);
    }

    private static KeyValuePair<string, object?>[]? Tags(string? analysisId) => analysisId is null ? null : [new(TelemetryTags.AnalysisId, analysisId)];
}
