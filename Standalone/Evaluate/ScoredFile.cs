using Deepfake.Contracts;

namespace Deepfake.Standalone.Evaluate;

/// <summary>What can be seen of the largest face without any detector of manipulation: the trivial baselines. Medians over its sightings.</summary>
/// <param name="Size">Longer side in source pixels.</param>
/// <param name="Sharpness"><see cref="FaceQuality.Sharpness"/>; null where it is not known.</param>
/// <param name="Brightness"><see cref="FaceQuality.Brightness"/>; null where it is not known.</param>
internal sealed record FaceFacts(double Size, double? Sharpness, double? Brightness);

/// <summary>A model that scored.</summary>
/// <param name="Name">From its manifest.</param>
/// <param name="Version">From its manifest.</param>
internal sealed record ModelVersion(string Name, string Version);

/// <summary>What the service said of one file.</summary>
/// <param name="File">The file.</param>
internal sealed record ScoredFile(EvaluationFile File)
{
    /// <summary>Null when the analysis failed.</summary>
    public Verdict? Verdict { get; init; }

    /// <summary>Codes.</summary>
    public IReadOnlyList<string> Reasons { get; init; } = [];

    /// <summary>Of the medium; null when nothing was scored.</summary>
    public double? Probability { get; init; }

    /// <summary>One score a face track.</summary>
    public IReadOnlyList<double> Faces { get; init; } = [];

    /// <summary>One score a frame.</summary>
    public IReadOnlyList<double> Frames { get; init; } = [];

    /// <summary>The largest face; null without one.</summary>
    public FaceFacts? Face { get; init; }

    /// <summary>Score of each model that gave one.</summary>
    public IReadOnlyDictionary<ModelVersion, double> Models { get; init; } = new Dictionary<ModelVersion, double>();

    /// <summary>Score of each forensic signal that applied, by its name, and the numbers behind it as <c>signal.number</c>.</summary>
    public IReadOnlyDictionary<string, double> Signals { get; init; } = new Dictionary<string, double>();

    /// <summary>The medium itself; null when the analysis failed.</summary>
    public MediaSummary? Media { get; init; }

    /// <summary>Code and detail when the analysis failed.</summary>
    public string? Error { get; init; }

    /// <summary>What a model says of it, whatever its version; null when it gave no score.</summary>
    public double? ScoreOf(string model)
    {
        foreach (var (one, score) in Models)
        {
            if (one.Name == model) return score;
        }

        return null;
    }

    /// <summary>Share of the analysed files that are called so; 0 without any.</summary>
    public static double Share(IReadOnlyList<ScoredFile> files, Verdict verdict)
    {
        var analysed = files.Count(file => file.Verdict is not null);
        return analysed == 0 ? 0 : files.Count(file => file.Verdict == verdict) / (double)analysed;
    }

    /// <summary>Takes what the figures need from a record.</summary>
    /// <param name="file">The file.</param>
    /// <param name="analysis">The record; null where the file was refused.</param>
    /// <param name="index">The faces that were found; null where they are not known.</param>
    /// <param name="error">Why there is no record.</param>
    public static ScoredFile From(EvaluationFile file, Analysis? analysis, FaceIndex? index, AnalysisError? error)
    {
        error ??= analysis!.Error;
        if (error is null && analysis is not { Verdict: not null }) error = new AnalysisError("not_finished", $"The analysis is {analysis?.Status.ToString().ToLowerInvariant()}.");
        if (analysis is null || error is not null) return new ScoredFile(file) { Error = $"{error!.Code}: {error.Detail}" };
        return new ScoredFile(file)
        {
            Verdict = analysis.Verdict,
            Reasons = analysis.Reasons,
            Probability = analysis.Probability,
            Faces = [.. analysis.Faces.Where(face => face.Score is not null).Select(face => face.Score!.Value)],
            Frames = [.. analysis.Frames.Where(frame => frame.Score is not null).Select(frame => frame.Score!.Value)],
            Face = Largest(analysis, index),
            Models = analysis.Models.Where(model => model.Score is not null).DistinctBy(model => model.Name, StringComparer.Ordinal)
                .ToDictionary(model => new ModelVersion(model.Name, model.Version), model => model.Score!.Value),
            Signals = SignalsOf(analysis),
            Media = analysis.Media,
        };
    }

    private static FaceFacts? Largest(Analysis analysis, FaceIndex? index)
    {
        if (analysis.Faces.MaxBy(face => face.SizePixels) is not { } face) return null;
        var seen = index?.Frames.SelectMany(frame => frame.Faces).Where(one => one.TrackId == face.TrackId).Select(one => one.Quality).ToList() ?? [];
        return new FaceFacts(face.SizePixels, Median([.. seen.Select(one => (double)one.Sharpness)]), Median([.. seen.Select(one => (double)one.Brightness)]));
    }

    private static Dictionary<string, double> SignalsOf(Analysis analysis) => analysis.Signals.Where(signal => signal.Applicable)
        .SelectMany(signal => signal.Values.Select(value => KeyValuePair.Create($"{signal.Name}.{value.Key}", value.Value))
            .Concat(signal.Score is { } score ? [KeyValuePair.Create(signal.Name, score)] : []))
        .ToDictionary(StringComparer.Ordinal);

    private static double? Median(double[] values)
    {
        if (values.Length == 0) return null;
        Array.Sort(values);
        return (values[values.Length / 2] + values[(values.Length - 1) / 2]) / 2;
    }
}
