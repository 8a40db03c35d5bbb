using Deepfake.Contracts;

namespace Deepfake.Infrastructure.Analyses;

/// <summary>An analysis and where it stands.</summary>
internal sealed class AnalysisStateRow
{
    public required string Id { get; set; }

    public required string Tenant { get; set; }

    /// <summary>The key whose unfinished analyses are counted; null for none.</summary>
    public string? KeyId { get; set; }

    public DateTimeOffset AcceptedAt { get; set; }

    public DateTimeOffset Deadline { get; set; }

    public AnalysisStatus Status { get; set; }

    public Stage Stage { get; set; }

    public double Percent { get; set; }

    /// <summary>How many events there are.</summary>
    public long Sequence { get; set; }

    public DateTimeOffset ChangedAt { get; set; }

    public DateTimeOffset? StartedAt { get; set; }

    /// <summary>When the broker confirmed the first message.</summary>
    public DateTimeOffset? PublishedAt { get; set; }

    public DateTimeOffset? FinishedAt { get; set; }

    /// <summary>When history had the result and the broker confirmed the last message.</summary>
    public DateTimeOffset? AnnouncedAt { get; set; }

    /// <summary>An <see cref="AnalysisRecord"/> as JSON.</summary>
    public required string Record { get; set; }
}

/// <summary>An entry of the event log of an analysis.</summary>
internal sealed class AnalysisEventRow
{
    public required string AnalysisId { get; set; }

    /// <summary>From 1.</summary>
    public long Sequence { get; set; }

    public DateTimeOffset At { get; set; }

    public AnalysisStatus Status { get; set; }

    public Stage Stage { get; set; }

    public double Percent { get; set; }
}

/// <summary>A part of the result of a running analysis.</summary>
internal sealed class AnalysisPartRow
{
    public required string AnalysisId { get; set; }

    /// <summary>A <see cref="PartKey"/>.</summary>
    public required string Part { get; set; }

    public required byte[] Content { get; set; }
}

/// <summary>The final record. Apart from the state, which is read and changed far more often.</summary>
internal sealed class AnalysisResultRow
{
    public required string AnalysisId { get; set; }

    /// <summary>An <see cref="Analysis"/> as JSON.</summary>
    public required string Result { get; set; }
}

/// <summary>An id that was deleted and is not to be used again for a while.</summary>
internal sealed class DeletedAnalysisRow
{
    public required string Id { get; set; }

    public required string Tenant { get; set; }

    public DateTimeOffset At { get; set; }
}
