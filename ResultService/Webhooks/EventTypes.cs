using Deepfake.Contracts;

namespace Deepfake.ResultService.Webhooks;

/// <summary>What a notice can be about: its <c>type</c>.</summary>
public static class EventTypes
{
    /// <summary>A notice that somebody asked for to see whether it arrives. Passes every filter.</summary>
    public const string Test = "webhook.test";

    /// <summary>What an endpoint can be limited to.</summary>
    public static IReadOnlyList<string> All { get; } = [Of(AnalysisStatus.Completed), Of(AnalysisStatus.Failed), Of(AnalysisStatus.Cancelled)];

    /// <summary><c>analysis.completed</c>, <c>analysis.failed</c>, <c>analysis.cancelled</c>.</summary>
    public static string Of(AnalysisStatus status) => "analysis." + status.ToString().ToLowerInvariant();
}
