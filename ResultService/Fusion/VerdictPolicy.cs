using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>What the verdict is drawn from.</summary>
public sealed record VerdictEvidence
{
    /// <summary>How many faces were found, over all frames.</summary>
    public required int Faces { get; init; }

    /// <summary>Whether any face is large enough.</summary>
    public required bool AnyLargeEnough { get; init; }

    /// <summary>Whether any scored face passes all quality gates.</summary>
    public required bool AnyPassesGates { get; init; }

    /// <summary>Fused probability, [0,1]; null when no model gave a score.</summary>
    public required double? Probability { get; init; }

    /// <summary>The same without the signals; null when no model gave a score.</summary>
    public required double? ModelProbability { get; init; }

    /// <summary>Highest track score, [0,1].</summary>
    public required double HighestTrack { get; init; }

    /// <summary>Highest minus lowest pooled model probability of the deciding face; 0 for one model.</summary>
    public required double Spread { get; init; }

    /// <summary>Share of the ensemble's weight that gave scores for the deciding face, [0,1].</summary>
    public required double ModelShare { get; init; }

    /// <summary>Share of the crops that were scored, [0,1].</summary>
    public required double Coverage { get; init; }

    /// <summary>Mean <see cref="FaceQualityWeight"/> of the deciding face, (0,1].</summary>
    public required double Quality { get; init; }

    /// <summary>Whether the thresholds hold for the models that gave scores.</summary>
    public required bool HasFittedThresholds { get; init; }

    /// <summary>Whether the forensic signals arrived.</summary>
    public required bool HasForensics { get; init; }
}

/// <summary>The answer.</summary>
/// <param name="Verdict">In one word.</param>
/// <param name="Reasons">Codes, strongest first.</param>
/// <param name="Confidence">0–100; null without a probability.</param>
public sealed record Decision(Verdict Verdict, IReadOnlyList<string> Reasons, double? Confidence);

/// <summary>
/// From a probability to a verdict. Authentic below <c>authentic</c>, suspicious from <c>suspicious</c> on, manipulated from <c>manipulated</c> on.
/// Inconclusive between the first two, where too many fakes lie beside authentic media, and where there is no face, no score, no face good
/// enough to decide, or no threshold that was fitted to the models that gave scores. The signals alone never convict: where the models
/// without them stay below <c>suspicious</c>, the verdict is suspicious at most.
/// </summary>
public static class VerdictPolicy
{
    /// <summary>Decides.</summary>
    public static Decision Decide(VerdictEvidence evidence, VerdictThresholds thresholds, DisagreementRule? disagreement)
    {
        var (verdict, reasons) = Answer(evidence, thresholds);
        if (disagreement is not null && evidence.Spread >= disagreement.MaxSpread && (verdict is Verdict.Authentic or Verdict.Manipulated))
        {
            verdict = disagreement.Verdict;
            reasons.Insert(0, ReasonCodes.ModelsDisagree);
        }

        var isIncomplete = evidence.Faces > 0 && evidence.Probability is not null && (evidence.ModelShare < 1 - 1e-9 || evidence.Coverage < 1);
        if (isIncomplete && !reasons.Contains(ReasonCodes.ModelsMissing)) reasons.Add(ReasonCodes.ModelsMissing);
        if (!evidence.HasForensics) reasons.Add(ReasonCodes.ForensicsMissing);
        return new Decision(verdict, reasons, evidence.Probability is { } p ? Confidence(p, verdict, evidence) : null);
    }

    /// <summary>
    /// Manipulated is critical and suspicious high; authentic is medium from half of <c>suspicious</c> on, else low. An inconclusive
    /// medium has the risk of its probability.
    /// </summary>
    public static RiskLevel Risk(Verdict verdict, double probability, VerdictThresholds thresholds) => verdict switch
    {
        Verdict.Manipulated => RiskLevel.Critical,
        Verdict.Suspicious => RiskLevel.High,
        Verdict.Inconclusive when probability >= thresholds.Manipulated => RiskLevel.Critical,
        Verdict.Inconclusive when probability >= thresholds.Suspicious => RiskLevel.High,
        _ => probability >= thresholds.Suspicious / 2 ? RiskLevel.Medium : RiskLevel.Low,
    };

    /// <summary>
    /// 100 · |2p − 1| · share of the ensemble · (0.5 + 0.5 · share of crops scored) · (0.6 + 0.4 · quality) · (1 − 0.5 · spread)
    /// · 0.95 without forensics · 0.25 when inconclusive; one decimal.
    /// </summary>
    public static double Confidence(double probability, Verdict verdict, VerdictEvidence evidence) => Math.Round(
        100 * Math.Abs(2 * probability - 1) * evidence.ModelShare
            * (0.5 + 0.5 * evidence.Coverage)
            * (0.6 + 0.4 * evidence.Quality)
            * (1 - 0.5 * evidence.Spread)
            * (evidence.HasForensics ? 1 : 0.95)
            * (verdict == Verdict.Inconclusive ? 0.25 : 1),
        1);

    private static (Verdict Verdict, List<string> Reasons) Answer(VerdictEvidence evidence, VerdictThresholds thresholds)
    {
        if (evidence.Faces == 0) return (Verdict.Inconclusive, [ReasonCodes.NoFace]);
        if (evidence.Probability is not { } p || evidence.ModelProbability is not { } models)
            return (Verdict.Inconclusive, evidence.AnyLargeEnough ? [ReasonCodes.ModelsUnavailable] : [ReasonCodes.ModelsUnavailable, ReasonCodes.FaceTooSmall]);
        if (!evidence.AnyLargeEnough) return (Verdict.Inconclusive, [ReasonCodes.FaceTooSmall]);
        if (!evidence.AnyPassesGates) return (Verdict.Inconclusive, [ReasonCodes.LowQuality]);
        if (!evidence.HasFittedThresholds) return (Verdict.Inconclusive, [ReasonCodes.ModelsMissing]);
        if (p >= thresholds.Manipulated && models >= thresholds.Suspicious) return (Verdict.Manipulated, [ReasonCodes.HighFaceScore]);
        if (p >= thresholds.Suspicious)
            return (Verdict.Suspicious, [evidence.HighestTrack >= thresholds.Manipulated ? ReasonCodes.HighFaceScore : ReasonCodes.ElevatedFaceScore]);
        return p < (thresholds.Authentic ?? thresholds.Suspicious) ? (Verdict.Authentic, [ReasonCodes.LowFaceScore]) : (Verdict.Inconclusive, [ReasonCodes.UndecidedFaceScore]);
    }
}
