using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>Everything the models and signals say about a medium, fused.</summary>
public sealed record FusedEvidence
{
    /// <summary>Verdict, reasons and confidence.</summary>
    public required Decision Decision { get; init; }

    /// <summary>Probability of <em>manipulated</em>, [0,1]; null when nothing could be scored.</summary>
    public required double? Probability { get; init; }

    /// <summary>What the decision went by.</summary>
    public required VerdictThresholds Thresholds { get; init; }

    /// <summary>Share of authentic media that the fit places at or above <see cref="VerdictThresholds.Manipulated"/>; null without a fit.</summary>
    public double? FalsePositiveRate { get; init; }

    /// <summary>What the probability is worth; null without a probability or without figures that hold for these models.</summary>
    public ScoreMeaning? Meaning { get; init; }

    /// <summary>Gates that the faces had to pass.</summary>
    public QualityGates Gates { get; init; } = new();

    /// <summary>Face tracks by number, without links.</summary>
    public required IReadOnlyList<FaceTrack> Faces { get; init; }

    /// <summary>Track with the highest score among those that may decide; null without a face.</summary>
    public required int? DecidingTrack { get; init; }

    /// <summary>Tracks whose scores make the medium's: those that pass the gates where any does.</summary>
    public required IReadOnlyList<int> DecidingTracks { get; init; }

    /// <summary>Timeline.</summary>
    public required IReadOnlyList<FrameScore> Frames { get; init; }

    /// <summary>Stretches with high scores, by time.</summary>
    public required IReadOnlyList<Segment> Segments { get; init; }

    /// <summary>Models by name.</summary>
    public required IReadOnlyList<ModelResult> Models { get; init; }

    /// <summary>Signals by name.</summary>
    public required IReadOnlyList<Signal> Signals { get; init; }

    /// <summary>Warnings of the index and of the fusion.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }
}

/// <summary>
/// Crops → tracks → medium. A pure function of its arguments: shards may come in any order, the answer is the same to the bit, and the
/// probability never falls when a model's score rises.
/// </summary>
public static class MediaFusion
{
    /// <summary>Fuses what has arrived.</summary>
    /// <param name="index">Faces and frames.</param>
    /// <param name="shards">Scores, one entry a shard that arrived.</param>
    /// <param name="signals">Forensic signals; null when they did not arrive.</param>
    /// <param name="manifest">The fit; null for none.</param>
    public static FusedEvidence Fuse(FaceIndex index, IReadOnlyList<ShardScores> shards, IReadOnlyList<Signal>? signals, FusionManifest? manifest)
    {
        var joined = ScoredCrops.Join(index, shards, manifest);
        var ensemble = joined.Ensemble;
        var fit = ensemble.Fit;
        // Gates and pooling hold for the faces whoever scored them; thresholds only for the ensemble that was fitted.
        var gates = manifest?.QualityGates ?? new QualityGates();
        var pooling = manifest?.Pooling ?? new PoolingSettings();
        var thresholds = fit?.Thresholds ?? VerdictThresholds.Default;

        var tracks = joined.Crops.GroupBy(crop => crop.Face.TrackId).OrderBy(track => track.Key)
            .Select(track => PooledTrack.Pool(track.Key, [.. track], ensemble, gates, pooling)).ToList();
        var scored = tracks.Where(track => track.Combined is not null).ToList();
        var deciding = scored.Where(track => track.PassesGates).ToList();
        var anyPasses = deciding.Count > 0;
        if (!anyPasses) deciding = scored;

        var forensics = Weighted(signals ?? [], fit);
        var modelLogit = deciding.Count > 0 ? TrackPooling.OverTracks([.. deciding.Select(track => track.Combined!.Value)], pooling.TrackSharpness) : (double?)null;
        var logit = modelLogit + SignalLogit(forensics, pooling.MaxSignalLogit);
        var first = deciding.MaxBy(track => track.Combined) ?? tracks.MaxBy(track => track.Quality);
        var probability = logit is { } z ? Logit.Rounded(z) : (double?)null;
        var decision = VerdictPolicy.Decide(
            new VerdictEvidence
            {
                Faces = joined.Crops.Count,
                AnyLargeEnough = joined.Crops.Any(crop => FaceQualityWeight.IsLargeEnough(crop.Face.Quality, gates)),
                AnyPassesGates = anyPasses,
                Probability = probability,
                ModelProbability = modelLogit is { } m ? Logit.Rounded(m) : null,
                HighestTrack = first?.Score ?? 0,
                Spread = first is null ? 0 : Spread(first, ensemble),
                ModelShare = first is null ? 0 : ensemble.ShareOf(first.Logits),
                Coverage = joined.Crops.Count == 0 ? 1 : (double)joined.Crops.Count(crop => crop.Combined is not null) / joined.Crops.Count,
                Quality = first?.Quality ?? 0,
                HasFittedThresholds = ensemble.HasFittedThresholds,
                HasForensics = signals is not null && (signals.Count == 0 || signals.Any(signal => signal.Reason != Signal.Unavailable)),
            },
            thresholds,
            fit is null ? DisagreementRule.Default : fit.Disagreement);

        var overTime = index.Kind != MediaKind.Image;
        if (overTime) forensics = [.. forensics, ScoreDynamics.Measure(first is null ? [] : [.. first.Timeline.Select(at => at.Score)])];
        // An operator's own model moves the scores away from those that were measured.
        var isMeasured = ensemble.HasFittedThresholds && !ensemble.Models.Where((model, m) => model.Scores.Count > 0 && ensemble.IsAdded(m)).Any();
        return new FusedEvidence
        {
            Decision = decision,
            Probability = probability,
            Thresholds = thresholds,
            FalsePositiveRate = isMeasured ? fit?.FalsePositiveRate : null,
            Meaning = isMeasured && probability is { } told ? fit?.Quantiles?.Meaning(told) : null,
            Gates = gates,
            Faces = [.. tracks.Select(track => track.ToContract(gates))],
            DecidingTrack = first?.TrackId,
            DecidingTracks = [.. deciding.Select(track => track.TrackId)],
            Frames = Timeline(index, joined.Crops),
            Segments = overTime ? Segments(tracks, Interval(index), thresholds) : [],
            Models = [.. ensemble.Models.Select((model, m) => Report(model, m, deciding, ensemble, pooling))],
            Signals = [.. forensics.OrderBy(signal => signal.Name, StringComparer.Ordinal)],
            Warnings = Warnings(index, joined, shards),
        };
    }

    // A weight is a logit beside the networks' fitted ones: without a fit it has no measure. The fit's word stands above that of the signal's own calibration.
    private static List<Signal> Weighted(IReadOnlyList<Signal> signals, FusionManifest? fit) =>
        [.. signals.Select(signal => signal with { Weight = fit is null ? 0 : fit.Signals.GetValueOrDefault(signal.Name, signal.Weight) })];

    private static double SignalLogit(IReadOnlyList<Signal> signals, double limit) =>
        Math.Min(limit, signals.OrderBy(signal => signal.Name, StringComparer.Ordinal).Sum(signal => signal.Applicable ? signal.Weight * Math.Clamp(signal.Score ?? 0, 0, 1) : 0));

    // Models that do not count cannot disagree, and those of another family look for something else.
    private static double Spread(PooledTrack track, Ensemble ensemble) => track.Logits
        .Select((logit, m) => (Logit: logit, Model: m)).Where(said => said.Logit is not null && ensemble.WeightOf(said.Model) > 0)
        .GroupBy(said => ensemble.FamilyOf(said.Model), said => Logit.Probability(said.Logit!.Value))
        .Select(family => family.Max() - family.Min()).DefaultIfEmpty(0).Max();

    private static ModelResult Report(ModelScores model, int m, IReadOnlyList<PooledTrack> deciding, Ensemble ensemble, PoolingSettings pooling)
    {
        var logits = deciding.Where(track => track.Logits[m] is not null).Select(track => track.Logits[m]!.Value).ToArray();
        return new ModelResult
        {
            Name = model.Name,
            Version = model.Version,
            Provider = model.Provider,
            Score = logits.Length > 0 ? Logit.Rounded(TrackPooling.OverTracks(logits, pooling.TrackSharpness)) : null,
            Weight = Math.Round(ensemble.WeightOf(m), 4),
            Family = ensemble.FamilyOf(m),
            Error = model.Error,
        };
    }

    private static List<FrameScore> Timeline(FaceIndex index, IReadOnlyList<ScoredCrop> crops)
    {
        var byFrame = crops.ToLookup(crop => crop.Frame);
        return [.. index.Frames.Select((frame, f) =>
        {
            var faces = byFrame[f].Select(crop => new FaceScore
            {
                TrackId = crop.Face.TrackId,
                Box = crop.Face.Box,
                Score = crop.Combined is { } z ? Logit.Rounded(z) : null,
            }).ToList();
            return new FrameScore { Seconds = frame.Seconds, Score = faces.Max(face => face.Score), Faces = faces };
        })];
    }

    private static List<Segment> Segments(IReadOnlyList<PooledTrack> tracks, double interval, VerdictThresholds thresholds) =>
        [.. tracks.SelectMany(track => SuspiciousSegments.Find(track.TrackId, track.Timeline, interval, thresholds))
            .OrderBy(segment => segment.StartSeconds).ThenBy(segment => segment.TrackId)];

    private static double Interval(FaceIndex index)
    {
        var gaps = index.Frames.Zip(index.Frames.Skip(1), (a, b) => b.Seconds - a.Seconds).Order().ToArray();
        return gaps.Length > 0 ? gaps[gaps.Length / 2] : 0;
    }

    private static List<string> Warnings(FaceIndex index, ScoredCrops joined, IReadOnlyList<ShardScores> shards)
    {
        List<string> warnings = [.. index.Warnings];
        var ensemble = joined.Ensemble;
        if (ensemble.Fit is null && joined.Crops.Any(crop => crop.Combined is not null)) warnings.Add(WarningCodes.DefaultThresholds);
        if (ensemble.Fit is { } fit && ensemble.Models.Any(model => model.Scores.Count > 0 && model.GivenWeight is null && !fit.Models.ContainsKey(model.Name))) warnings.Add(WarningCodes.ModelNotInFusion);
        if (ensemble.Models.Where((model, m) => model.Scores.Count > 0 && ensemble.IsAdded(m)).Any()) warnings.Add(WarningCodes.ModelBesideFusion);
        if (joined.Crops.Select(crop => crop.Face.Shard).Distinct().Except(shards.Select(shard => shard.Shard)).Any()) warnings.Add(WarningCodes.ShardsMissing);
        return [.. warnings.Distinct()];
    }
}
