using System.ComponentModel.DataAnnotations;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>How long the analysis store remembers. Section <c>Analyses</c>.</summary>
public sealed class AnalysisStoreOptions
{
    /// <summary>How long an analysis stays after its end was announced; history keeps its result for longer.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Retention { get; set; } = TimeSpan.FromHours(24);

    /// <summary>How long a deleted id is remembered, so that late parts stay out.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "3650.00:00:00")]
    public TimeSpan Tombstones { get; set; } = TimeSpan.FromHours(1);
}
