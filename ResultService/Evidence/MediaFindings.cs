using System.Globalization;
using Deepfake.Contracts;
using Deepfake.ResultService.Fusion;

namespace Deepfake.ResultService.Evidence;

/// <summary>
/// Says in plain words what the numbers show and how far they carry. Pure. Every sentence names its number; none is stronger than the
/// verdict that the thresholds allow.
/// </summary>
public static class MediaFindings
{
    /// <summary>Model probabilities that lie further apart than this contradict each other.</summary>
    private const double WideSpread = 0.5;

    /// <summary>Findings of one medium: evidence, observations, doubts, each strongest first.</summary>
    public static IReadOnlyList<Finding> Of(FaceIndex index, FusedEvidence fused)
    {
        var findings = new List<Finding>();
        AddFaces(findings, index, fused);
        AddSegments(findings, fused);
        findings.AddRange(SignalFindings.Of(fused.Signals, index.Kind, fused.Faces.Count));
        AddModels(findings, fused);
        AddDoubts(findings, index, fused);
        return [.. findings.OrderBy(finding => finding.Kind).ThenByDescending(finding => finding.Strength).ThenBy(finding => finding.TrackId)];
    }

    private static void AddFaces(List<Finding> findings, FaceIndex index, FusedEvidence fused)
    {
        var thresholds = fused.Thresholds;
        var scored = fused.Faces.Where(face => face.Score is not null).ToList();
        foreach (var face in scored.Where(face => face.Score >= thresholds.Suspicious))
        {
            var score = face.Score!.Value;
            findings.Add(new Finding
            {
                Code = "face_score",
                Kind = FindingKind.Evidence,
                Strength = score,
                TrackId = face.TrackId,
                StartSeconds = index.Kind == MediaKind.Image ? null : face.FirstSeconds,
                EndSeconds = index.Kind == MediaKind.Image ? null : face.LastSeconds,
                Value = score,
                Text = (score >= thresholds.Manipulated
                    ? $"Face {face.TrackId} scores {Hundred(score)} of 100, above {Hundred(thresholds.Manipulated)}, where manipulated begins."
                    : $"Face {face.TrackId} scores {Hundred(score)} of 100: above {Hundred(thresholds.Suspicious)}, where suspicion begins, and below {Hundred(thresholds.Manipulated)}, where manipulated begins.")
                    + Outweighed(face, fused),
            });
        }

        if (scored.Count > 0 && scored.TrueForAll(face => face.Score < thresholds.Suspicious))
        {
            var highest = scored.Max(face => face.Score!.Value);
            findings.Add(new Finding
            {
                Code = "no_high_score",
                Kind = FindingKind.Evidence,
                Strength = 1 - highest,
                Value = highest,
                Text = scored.Count == 1
                    ? $"The face scores {Hundred(highest)} of 100; suspicion begins at {Hundred(thresholds.Suspicious)}."
                    : $"The highest of {scored.Count} faces scores {Hundred(highest)} of 100; suspicion begins at {Hundred(thresholds.Suspicious)}.",
            });
        }
    }

    // A medium below the thresholds has faces above them where these do not decide, or are one of many.
    private static string Outweighed(FaceTrack face, FusedEvidence fused) =>
        fused.Decision.Verdict != Verdict.Authentic ? ""
        : !fused.DecidingTracks.Contains(face.TrackId) ? " It is too small or too unclear to decide."
        : $" Beside the other faces that is not enough: the medium scores {Hundred(fused.Probability ?? 0)}.";

    private static void AddSegments(List<Finding> findings, FusedEvidence fused) => findings.AddRange(fused.Segments.Select(segment => new Finding
    {
        Code = "segment",
        Kind = FindingKind.Evidence,
        Strength = segment.Score,
        TrackId = segment.TrackId,
        StartSeconds = segment.StartSeconds,
        EndSeconds = segment.EndSeconds,
        Value = segment.Score,
        Text = Format($"Face {segment.TrackId} scores high from {segment.StartSeconds:0.0} to {segment.EndSeconds:0.0} s: {Hundred(segment.Score)} of 100 on average."),
    }));

    private static void AddModels(List<Finding> findings, FusedEvidence fused)
    {
        // Only those that look for the same can contradict each other.
        var models = fused.Models.Where(model => model is { Score: not null, Weight: > 0 }).GroupBy(model => model.Family, StringComparer.Ordinal)
            .Select(family => family.OrderByDescending(model => model.Score).ToList()).MaxBy(family => family[0].Score - family[^1].Score);
        if (models is not null && models[0].Score - models[^1].Score is { } spread and >= WideSpread)
        {
            findings.Add(new Finding
            {
                Code = ReasonCodes.ModelsDisagree,
                Kind = FindingKind.Doubt,
                Strength = spread,
                Value = spread,
                Text = $"The models contradict each other: {models[0].Name} gives {Hundred(models[0].Score!.Value)}, {models[^1].Name} {Hundred(models[^1].Score!.Value)} of 100.",
            });
        }

        foreach (var model in fused.Models.Where(model => model is { Score: null, Error: not null, Weight: > 0 }))
            findings.Add(Doubt(ReasonCodes.ModelsMissing, 0.6, $"The model {model.Name} gave no score."));
    }

    private static void AddDoubts(List<Finding> findings, FaceIndex index, FusedEvidence fused)
    {
        if (fused.Meaning is { } meaning)
        {
            findings.Add(Doubt(
                "score_meaning", 0.3,
                $"Of authentic media like our test material {InWords(meaning.AuthenticShare)} score this high, of manipulated ones {InWords(meaning.ManipulatedShare)}.", meaning.AuthenticShare));
        }
        else if (fused.Decision.Verdict == Verdict.Manipulated && fused.FalsePositiveRate is { } rate)
        {
            findings.Add(Doubt("false_alarms", 0.3, Format($"Of authentic media like our test material, about {100 * rate:0.#} in 100 score as high."), rate));
        }

        if (fused.Decision.Reasons.Contains(ReasonCodes.UndecidedFaceScore))
        {
            findings.Add(Doubt(
                ReasonCodes.UndecidedFaceScore, 0.5,
                $"From {Hundred(fused.Thresholds.Authentic ?? 0)} to {Hundred(fused.Thresholds.Suspicious)} of 100 authentic media and fakes lie side by side: this score decides nothing.", fused.Probability));
        }

        if (fused.Decision.Verdict == Verdict.Authentic)
            findings.Add(Doubt("unknown_methods", 0.3, "Methods of manipulation that the models have not learnt can go unseen."));
        if (fused.Warnings.Contains(WarningCodes.DefaultThresholds))
            findings.Add(Doubt(WarningCodes.DefaultThresholds, 0.9, "No fitted fusion applies to these models: the thresholds are a guess, without a stated rate of false alarms."));
        if (fused.Decision.Reasons.Contains(ReasonCodes.ForensicsMissing))
            findings.Add(Doubt(ReasonCodes.ForensicsMissing, 0.4, "The forensic measurements did not arrive; the models decided alone."));
        AddSampling(findings, index);
        if (fused.Faces.FirstOrDefault(face => face.TrackId == fused.DecidingTrack) is not { } deciding) return;
        AddQuality(findings, index, fused, deciding);
    }

    // Large shares in tenths, small ones as one in so many, which people read more easily than small percentages.
    private static string InWords(double share) =>
        share >= 0.995 ? "nearly all" : share >= 0.15 ? Format($"about {10 * share:0} in 10") : Format($"about 1 in {1 / share:0}");

    private static void AddSampling(List<Finding> findings, FaceIndex index)
    {
        if (index.FrameRate is not { } rate || index.DurationSeconds is not { } seconds) return;
        var all = Math.Round(rate * seconds);
        if (index.Frames.Count >= all * 0.9) return;
        findings.Add(Doubt("sampled", 0.2, Format($"{index.Frames.Count} of about {all:0} frames were looked at; a short change between them can be missed."), index.Frames.Count / all));
    }

    private static void AddQuality(List<Finding> findings, FaceIndex index, FusedEvidence fused, FaceTrack face)
    {
        var gates = fused.Gates;
        if (face.SizePixels < 2 * gates.MinFacePixels)
        {
            var words = face.SizePixels < gates.MinFacePixels ? "too few to judge" : "little to judge by";
            findings.Add(Doubt("small_face", Share(face.SizePixels, gates.MinFacePixels), Format($"Face {face.TrackId} is {face.SizePixels:0} pixels wide: {words}."), face.SizePixels, face.TrackId));
        }

        var sharpness = Median([.. index.Frames.SelectMany(frame => frame.Faces).Where(seen => seen.TrackId == face.TrackId).Select(seen => (double)seen.Quality.Sharpness)]);
        if (sharpness < 2 * gates.MinSharpness)
        {
            var words = sharpness < gates.MinSharpness ? "too blurred to judge" : "blurred";
            findings.Add(Doubt("blurred_face", Share(sharpness, gates.MinSharpness), Format($"Face {face.TrackId} is {words} (sharpness {sharpness:0.0}; {gates.MinSharpness:0.#} is the least)."), sharpness, face.TrackId));
        }

        if (index.Frames.Count >= 8 && face.Frames <= 2)
            findings.Add(Doubt("few_sightings", 0.5, $"Face {face.TrackId} was seen in {face.Frames} of {index.Frames.Count} frames only.", face.Frames, face.TrackId));
    }

    private static Finding Doubt(string code, double strength, string text, double? value = null, int? track = null) =>
        new() { Code = code, Kind = FindingKind.Doubt, Strength = strength, Text = text, Value = value, TrackId = track };

    /// <summary>1 at the gate and below, falling to 0 at twice the gate.</summary>
    private static double Share(double value, double gate) => Math.Clamp(2 - value / gate, 0, 1);

    private static double Median(List<double> values)
    {
        if (values.Count == 0) return double.PositiveInfinity;
        values.Sort();
        return (values[values.Count / 2] + values[(values.Count - 1) / 2]) / 2;
    }

    private static string Hundred(double share) => (100 * share).ToString("0.#", CultureInfo.InvariantCulture);

    private static string Format(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
