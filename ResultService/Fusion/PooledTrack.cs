using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>One face over the medium.</summary>
/// <param name="TrackId">Number of the track.</param>
/// <param name="Logits">Pooled logit of each model; null where it scored no crop of the track.</param>
/// <param name="Combined">Ensemble logit; null when no weighted model scored the track.</param>
/// <param name="PassesGates">Whether a scored crop passes all quality gates; then only such crops were pooled.</param>
/// <param name="Quality">Mean weight of the pooled crops, (0,1].</param>
/// <param name="Crops">All crops by time, at least one.</param>
public sealed record PooledTrack(int TrackId, double?[] Logits, double? Combined, bool PassesGates, double Quality, IReadOnlyList<ScoredCrop> Crops)
{
    /// <summary>Score as records carry it.</summary>
    public double? Score => Combined is { } logit ? Logit.Rounded(logit) : null;

    /// <summary>The scored crops by time.</summary>
    public IReadOnlyList<TimedScore> Timeline { get; } =
        [.. Crops.Where(crop => crop.Combined is not null).Select(crop => new TimedScore(crop.Seconds, Logit.Probability(crop.Combined!.Value)))];

    /// <summary>Pools one track.</summary>
    public static PooledTrack Pool(int trackId, IReadOnlyList<ScoredCrop> crops, Ensemble ensemble, QualityGates gates, PoolingSettings settings)
    {
        var scored = crops.Where(crop => crop.Combined is not null).ToList();
        var good = scored.Where(crop => FaceQualityWeight.Passes(crop.Face.Quality, gates)).ToList();
        var pooled = good.Count > 0 ? good : scored;
        var logits = new double?[ensemble.Models.Count];
        for (var m = 0; m < logits.Length; m++)
        {
            var voices = pooled.Where(crop => crop.Logits[m] is not null).ToList();
            if (voices.Count == 0) continue;
            logits[m] = TrackPooling.OverCrops(
                [.. voices.Select(crop => crop.Logits[m]!.Value)],
                [.. voices.Select(crop => settings.QualityWeighted ? FaceQualityWeight.Of(crop.Face.Quality, gates) : 1)],
                settings);
        }

        var quality = (pooled.Count > 0 ? pooled : crops).Average(crop => FaceQualityWeight.Of(crop.Face.Quality, gates));
        return new PooledTrack(trackId, logits, ensemble.Combine(logits), good.Count > 0, quality, crops);
    }

    /// <summary>As records carry it, without the link to its picture.</summary>
    /// <param name="gates">What the quality of a crop is measured by.</param>
    public FaceTrack ToContract(QualityGates gates)
    {
        var sizes = Crops.Select(crop => (double)crop.Face.Quality.SizePixels).Order().ToArray();
        return new FaceTrack
        {
            TrackId = TrackId,
            Score = Score,
            FirstSeconds = Crops[0].Seconds,
            LastSeconds = Crops[^1].Seconds,
            Frames = Crops.Select(crop => crop.Frame).Distinct().Count(),
            SizePixels = Math.Round(sizes[sizes.Length / 2], 1),
            PictureSeconds = Telling(gates)?.Seconds,
        };
    }

    /// <summary>The crop to show: of those that score as high as the face as a whole, which is what the score is about, the one of the best quality.</summary>
    private ScoredCrop? Telling(QualityGates gates)
    {
        var least = Math.Min(Combined ?? 0, Crops.Max(crop => crop.Combined) ?? 0);
        return Crops.Where(crop => crop.Combined >= least)
            .OrderByDescending(crop => FaceQualityWeight.Of(crop.Face.Quality, gates)).ThenByDescending(crop => crop.Face.Quality.SizePixels).ThenBy(crop => crop.Seconds)
            .FirstOrDefault();
    }
}
