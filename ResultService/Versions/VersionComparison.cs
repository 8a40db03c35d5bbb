using Deepfake.Contracts;

namespace Deepfake.ResultService.Versions;

/// <summary>What differs between two analyses of the same medium: what the machine said, not what a reviewer says.</summary>
public sealed record VersionChanges
{
    /// <summary>The first analysis of the medium.</summary>
    public required string AnalysisId { get; init; }

    /// <summary>Number of the version to compare with.</summary>
    public required int From { get; init; }

    /// <summary>Number of the version that is compared.</summary>
    public required int To { get; init; }

    /// <summary>Whether the verdict changed.</summary>
    public required bool VerdictChanged { get; init; }

    /// <summary>Verdict before.</summary>
    public Verdict? FromVerdict { get; init; }

    /// <summary>Verdict after.</summary>
    public Verdict? ToVerdict { get; init; }

    /// <summary>Scores, 0–100.</summary>
    public required NumberChange DeepfakeScore { get; init; }

    /// <summary>Confidences, 0–100.</summary>
    public required NumberChange Confidence { get; init; }

    /// <summary>Reasons that came.</summary>
    public required IReadOnlyList<string> ReasonsAdded { get; init; }

    /// <summary>Reasons that went.</summary>
    public required IReadOnlyList<string> ReasonsRemoved { get; init; }

    /// <summary>Models that are new, gone, of another version, or of another mind; by name.</summary>
    public required IReadOnlyList<ModelChange> Models { get; init; }

    /// <summary>Signals that are new, gone or of another score; by name.</summary>
    public required IReadOnlyList<SignalChange> Signals { get; init; }
}

/// <summary>A number before and after; null where there was none.</summary>
/// <param name="From">Before.</param>
/// <param name="To">After.</param>
/// <param name="Difference">After minus before; null unless both are there.</param>
public sealed record NumberChange(double? From, double? To, double? Difference)
{
    internal static NumberChange Of(double? from, double? to) => new(from, to, to - from is { } difference ? Math.Round(difference, 4) : null);
}

/// <summary>One model before and after.</summary>
/// <param name="Name">Its name.</param>
/// <param name="FromVersion">Version before; null if it did not take part.</param>
/// <param name="ToVersion">Version after; null if it does not.</param>
/// <param name="Score">Its scores, [0,1].</param>
public sealed record ModelChange(string Name, string? FromVersion, string? ToVersion, NumberChange Score);

/// <summary>One forensic signal before and after.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Score">Its scores, [0,1]; null where it was not there or did not apply.</param>
public sealed record SignalChange(string Name, NumberChange Score);

/// <summary>Compares versions. Pure.</summary>
internal static class VersionComparison
{
    public static VersionChanges Compare(string analysisId, Analysis from, Analysis to) => new()
    {
        AnalysisId = analysisId,
        From = from.Version,
        To = to.Version,
        VerdictChanged = from.MachineVerdict != to.MachineVerdict,
        FromVerdict = from.MachineVerdict,
        ToVerdict = to.MachineVerdict,
        DeepfakeScore = NumberChange.Of(from.DeepfakeScore, to.DeepfakeScore),
        Confidence = NumberChange.Of(from.Confidence, to.Confidence),
        ReasonsAdded = [.. to.Reasons.Except(from.Reasons, StringComparer.Ordinal)],
        ReasonsRemoved = [.. from.Reasons.Except(to.Reasons, StringComparer.Ordinal)],
        Models =
        [
            .. Pairs(from.Models, to.Models, model => model.Name)
                .Where(pair => pair.From?.Version != pair.To?.Version || pair.From?.Score != pair.To?.Score)
                .Select(pair => new ModelChange(pair.Name, pair.From?.Version, pair.To?.Version, NumberChange.Of(pair.From?.Score, pair.To?.Score))),
        ],
        Signals =
        [
            .. Pairs(from.Signals, to.Signals, signal => signal.Name)
                .Where(pair => pair.From?.Score != pair.To?.Score)
                .Select(pair => new SignalChange(pair.Name, NumberChange.Of(pair.From?.Score, pair.To?.Score))),
        ],
    };

    private static IEnumerable<(string Name, T? From, T? To)> Pairs<T>(IReadOnlyList<T> from, IReadOnlyList<T> to, Func<T, string> name)
        where T : class =>
        from.Concat(to).Select(name).Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)
            .Select(known => (known, from.FirstOrDefault(item => name(item) == known), to.FirstOrDefault(item => name(item) == known)));
}
