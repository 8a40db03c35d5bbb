using System.Diagnostics;
using Deepfake.Contracts;
using OpenTelemetry;

namespace Deepfake.ServiceDefaults.Tracing;

/// <summary>Whatever is done for an analysis carries its id: a span takes it over from the one around it.</summary>
internal sealed class AnalysisTagProcessor : BaseProcessor<Activity>
{
    /// <inheritdoc/>
    public override void OnStart(Activity data)
    {
        if (data.Parent?.GetTagItem(TelemetryTags.AnalysisId) is { } id && data.GetTagItem(TelemetryTags.AnalysisId) is null) data.SetTag(TelemetryTags.AnalysisId, id);
    }
}
