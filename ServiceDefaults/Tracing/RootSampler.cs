using System.Diagnostics;
using OpenTelemetry.Trace;

namespace Deepfake.ServiceDefaults.Tracing;

/// <summary>
/// Decides which spans may begin a trace: requests, messages and stages of the product. A call to a database, a cache, an object store or
/// another service is recorded as part of what caused it; without a cause it is a poll or a probe, of which an idle system makes
/// thousands a day.
/// </summary>
/// <param name="accepted">Decides on the roots that may be.</param>
internal sealed class RootSampler(Sampler accepted) : Sampler
{
    /// <inheritdoc/>
    public override SamplingResult ShouldSample(in SamplingParameters samplingParameters) =>
        samplingParameters.Kind == ActivityKind.Client ? new SamplingResult(SamplingDecision.Drop) : accepted.ShouldSample(samplingParameters);
}
