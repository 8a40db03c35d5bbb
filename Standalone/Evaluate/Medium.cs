namespace Deepfake.Standalone.Evaluate;

/// <summary>One medium of the figures: a file, or the files of one group with one label. Every row of media pools in this one place.</summary>
/// <param name="Fake">What it is.</param>
/// <param name="Cluster">What it is resampled with.</param>
/// <param name="Files">Its files, at least one.</param>
internal sealed record Medium(bool Fake, string Cluster, IReadOnlyList<ScoredFile> Files)
{
    /// <summary>The media that files make. A real and a fake of one group stay two.</summary>
    public static IReadOnlyList<Medium> Of(IEnumerable<ScoredFile> scored) =>
        [.. scored.GroupBy(file => (file.File.Group, file.File.Fake)).Select(files => new Medium(files.Key.Fake, files.First().File.Cluster, [.. files]))];

    /// <summary>The mean of the files' log-odds, as a probability; null when none has one.</summary>
    public double? Probability(Func<ScoredFile, double?> of)
    {
        var values = Values(of);
        if (values.Length < 2) return values.Length == 0 ? null : values[0];
        var mean = values.Average(p => Math.Log(Math.Clamp(p, 1e-6, 1 - 1e-6) / (1 - Math.Clamp(p, 1e-6, 1 - 1e-6))));
        return 1 / (1 + Math.Exp(-mean));
    }

    /// <summary>The mean of a measure; null when no file has one.</summary>
    public double? Mean(Func<ScoredFile, double?> of) => Values(of) is { Length: > 0 } values ? values.Average() : null;

    private double[] Values(Func<ScoredFile, double?> of) => [.. Files.Select(of).Where(value => value is not null).Select(value => value!.Value)];
}
