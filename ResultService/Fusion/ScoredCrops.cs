using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>The scores of one shard, as they came from InferenceWorker.</summary>
/// <param name="Shard">From 0.</param>
/// <param name="Models">One entry a model.</param>
public sealed record ShardScores(int Shard, IReadOnlyList<ModelScores> Models);

/// <summary>One face in one frame with what the models said of it.</summary>
/// <param name="Frame">Index of the frame in the timeline.</param>
/// <param name="Seconds">Media time.</param>
/// <param name="Face">What FrameService knows of it.</param>
/// <param name="Logits">One a model of the ensemble; null where it gave none.</param>
/// <param name="Combined">Ensemble logit; null when no weighted model scored the crop.</param>
public sealed record ScoredCrop(int Frame, double Seconds, IndexedFace Face, double?[] Logits, double? Combined);

/// <summary>Joins the face index with the shards. The order in which shards arrived does not show.</summary>
public sealed class ScoredCrops
{
    private ScoredCrops(Ensemble ensemble, IReadOnlyList<ScoredCrop> crops)
    {
        Ensemble = ensemble;
        Crops = crops;
    }

    /// <summary>The models and their weights.</summary>
    public Ensemble Ensemble { get; }

    /// <summary>All faces, by frame and then as indexed.</summary>
    public IReadOnlyList<ScoredCrop> Crops { get; }

    /// <summary>Joins index and scores. A model whose count does not fit a shard counts as absent from it.</summary>
    public static ScoredCrops Join(FaceIndex index, IReadOnlyList<ShardScores> shards, FusionManifest? manifest)
    {
        var rows = index.Frames.SelectMany(frame => frame.Faces).GroupBy(face => face.Shard).ToDictionary(shard => shard.Key, shard => shard.Max(face => face.Row) + 1);
        var ordered = shards.Where(shard => rows.ContainsKey(shard.Shard)).OrderBy(shard => shard.Shard).ToList();
        var usable = ordered.ToDictionary(shard => shard.Shard, shard => shard.Models
            .Where(model => model.Error is null && model.Scores.Count == rows[shard.Shard])
            .DistinctBy(model => model.Name).ToDictionary(model => model.Name));
        var ensemble = new Ensemble(Report(ordered, usable, rows), manifest);

        var clamp = manifest?.Pooling.LogitClamp ?? new PoolingSettings().LogitClamp;
        var crops = new List<ScoredCrop>();
        for (var f = 0; f < index.Frames.Count; f++)
        {
            foreach (var face in index.Frames[f].Faces)
            {
                var logits = new double?[ensemble.Models.Count];
                if (usable.TryGetValue(face.Shard, out var models))
                {
                    for (var m = 0; m < logits.Length; m++)
                        logits[m] = models.TryGetValue(ensemble.Models[m].Name, out var scores) && float.IsFinite(scores.Scores[face.Row]) ? Logit.Of(scores.Scores[face.Row], clamp) : null;
                }

                crops.Add(new ScoredCrop(f, index.Frames[f].Seconds, face, logits, ensemble.Combine(logits)));
            }
        }

        return new ScoredCrops(ensemble, crops);
    }

    // One entry a model over all shards: its scores somewhere make it present, an error anywhere is kept.
    private static List<ModelScores> Report(
        IReadOnlyList<ShardScores> shards, Dictionary<int, Dictionary<string, ModelScores>> usable, Dictionary<int, int> rows) =>
        [.. shards.SelectMany(shard => shard.Models.Select(model => (shard.Shard, Model: model)))
            .GroupBy(entry => entry.Model.Name, StringComparer.Ordinal).OrderBy(model => model.Key, StringComparer.Ordinal)
            .Select(entries =>
            {
                var scored = entries.Where(entry => usable[entry.Shard].ContainsKey(entries.Key)).Select(entry => entry.Model).FirstOrDefault();
                var error = entries.Select(entry => entry.Model.Error ?? (entry.Model.Scores.Count == rows[entry.Shard]
                    ? null
                    : $"It gave {entry.Model.Scores.Count} scores for {rows[entry.Shard]} crops.")).FirstOrDefault(reason => reason is not null);
                return (scored ?? entries.First().Model with { Scores = [] }) with
                {
                    Error = error,
                    Provider = string.Join(',', entries.Select(entry => entry.Model.Provider).Distinct().Order(StringComparer.Ordinal)),
                };
            })];
}
