using System.Diagnostics;
using Deepfake.Contracts;
using MassTransit;
using Microsoft.Extensions.Logging;

namespace Deepfake.Infrastructure.Bus;

/// <summary>Names the analysis of a message in the span of its receipt and in every log line until it is consumed.</summary>
internal sealed class AnalysisTrace(ILogger<AnalysisTrace> logger) : IFilter<ConsumeContext>
{
    private static readonly string Template = $"{{{TelemetryTags.AnalysisId}}}";
    private static readonly Func<ILogger, string, IDisposable?> Scope = LoggerMessage.DefineScope<string>(Template);

    public async Task Send(ConsumeContext context, IPipe<ConsumeContext> next)
    {
        var id = PipelineTopology.Read(context)?.AnalysisId;
        if (id is not null) Activity.Current?.SetTag(TelemetryTags.AnalysisId, id);
        using var scope = id is null ? null : Scope(logger, id);
        await next.Send(context);
    }

    public void Probe(ProbeContext context) => context.CreateFilterScope("analysis-trace");
}
