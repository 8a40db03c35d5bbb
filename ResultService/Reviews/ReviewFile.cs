using Deepfake.Contracts;

namespace Deepfake.ResultService.Reviews;

/// <summary>All reviews of one medium: ground truth. The document has the id of the medium's first analysis.</summary>
public sealed record ReviewFile
{
    /// <summary>The first analysis of the medium.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>The medium.</summary>
    public required MediaSummary Media { get; init; }

    /// <summary>The client's own name for it.</summary>
    public string? Reference { get; init; }

    /// <summary>Reviews, the latest last; it is the one that counts.</summary>
    public required IReadOnlyList<ReviewEntry> Reviews { get; init; }
}

/// <summary>One review, and what the machine had said to it.</summary>
public sealed record ReviewEntry
{
    /// <summary>What the reviewer says.</summary>
    public required Review Review { get; init; }

    /// <summary>The version that was looked at.</summary>
    public required int Version { get; init; }

    /// <summary>Its verdict.</summary>
    public required Verdict MachineVerdict { get; init; }

    /// <summary>Its probability, [0,1].</summary>
    public double? Probability { get; init; }

    /// <summary>The same as 0–100.</summary>
    public double? DeepfakeScore { get; init; }

    /// <summary>Scores of the models.</summary>
    public required IReadOnlyList<TruthScore> Models { get; init; }

    /// <summary>Scores of the signals that applied; without a version.</summary>
    public required IReadOnlyList<TruthScore> Signals { get; init; }

    internal static ReviewEntry Of(Analysis analysis, Review review) => new()
    {
        Review = review,
        Version = analysis.Version,
        MachineVerdict = analysis.MachineVerdict!.Value,
        Probability = analysis.Probability,
        DeepfakeScore = analysis.DeepfakeScore,
        Models = [.. analysis.Models.Where(model => model.Score is not null).Select(model => new TruthScore(model.Name, model.Version, model.Score!.Value))],
        Signals = [.. analysis.Signals.Where(signal => signal is { Applicable: true, Score: not null }).Select(signal => new TruthScore(signal.Name, null, signal.Score!.Value))],
    };
}

/// <summary>A score that a label can be fitted to.</summary>
/// <param name="Name">Model or signal.</param>
/// <param name="Version">Version of a model.</param>
/// <param name="Score">[0,1].</param>
public sealed record TruthScore(string Name, string? Version, double Score);
