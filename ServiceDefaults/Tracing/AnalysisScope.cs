using Deepfake.Contracts;
using Microsoft.Extensions.Logging;

namespace Deepfake.ServiceDefaults.Tracing;

/// <summary>Ties log lines to the analysis that they are about.</summary>
public static class AnalysisScope
{
    private static readonly string Template = $"{{{TelemetryTags.AnalysisId}}}";
    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>(Template);

    /// <summary>Every line until the scope is disposed carries the id as <see cref="TelemetryTags.AnalysisId"/>.</summary>
    public static IDisposable? BeginAnalysisScope(this ILogger logger, string analysisId) => Scope(logger, analysisId);
}
