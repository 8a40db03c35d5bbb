namespace Deepfake.TestServers;

/// <summary>A span as it came.</summary>
/// <param name="TraceId">In hexadecimal, like the other ids.</param>
/// <param name="SpanId">Its own id.</param>
/// <param name="ParentId">The span that caused it; empty for none.</param>
/// <param name="Name">What was done.</param>
/// <param name="Service">Who did it.</param>
/// <param name="Scope">Name of the source.</param>
/// <param name="Attributes">Tags whose values are texts.</param>
/// <param name="Links">Traces that it refers to.</param>
public sealed record Span(
    string TraceId, string SpanId, string ParentId, string Name, string Service, string Scope, IReadOnlyDictionary<string, string> Attributes, IReadOnlyList<string> Links)
{
    internal const string AnalysisTag = "deepfake.analysis.id";

    /// <summary>The analysis that it is about; null for none.</summary>
    public string? AnalysisId => Attributes.GetValueOrDefault(AnalysisTag);
}
