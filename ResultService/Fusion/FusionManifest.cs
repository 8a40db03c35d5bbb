using System.Text.Json;
using System.Text.Json.Serialization;
using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>
/// <c>models/fusion.json</c>: how the models' scores become one probability. Written by <c>training/</c>, read here; snake_case;
/// unknown fields are ignored, so a card may carry more.
/// <code>
/// {
///   "version": "1.0.0",
///   "intercept": -0.31,
///   "models":  { "swap-b0": 1.12, "swap-b4": 0.7, "fft-branch": 0.9 },
///   "families": { "synthesis": { "intercept": -1.2, "models": ["fft-branch"] } },
///   "signals": { "azimuthal_spectrum": 0.0 },
///   "pooling": { "method": "upper_mean", "upper": 0.5, "quality_weighted": true, "track_sharpness": 2.0, "logit_clamp": 8.0, "max_signal_logit": 1.0, "family_sharpness": 1.0 },
///   "thresholds": { "authentic": 0.2, "suspicious": 0.5, "manipulated": 0.9 },
///   "false_positive_rate": 0.05,
///   "quantiles": { "real": [0.001, 0.02, …, 0.97], "fake": [0.01, 0.2, …, 0.999] },
///   "profiles": { "strict": { "suspicious": 0.8, "manipulated": 0.98, "false_positive_rate": 0.003 }, "sensitive": { … } },
///   "reduced": [ { "models": { "swap-b0": 1.3 }, "families": { … }, "family_sharpness": 1.0, "thresholds": { … }, "false_positive_rate": 0.05, "profiles": { … }, "quantiles": { … } }, … ],
///   "quality_gates": { "min_face_pixels": 48, "min_sharpness": 10, "min_brightness": 25, "max_brightness": 240 },
///   "disagreement": { "max_spread": 0.85, "verdict": "suspicious" }
/// }
/// </code>
/// For a track, L(m) = pooled logit of model m's calibrated probabilities over the track's crops, and
/// of a family z_f = intercept + Σ weight(m) · L(m) over its models; models that no family names are one with the intercept above. The families
/// are joined by <see cref="Ensemble.Join"/>, and a model that is not named here counts by the weight that an operator gave it, or not at all.
/// A medium with one face has probability sigmoid(z + signals); several faces: see <see cref="TrackPooling.OverTracks"/>.
/// </summary>
public sealed record FusionManifest
{
    private const int MostFamilies = 32;
    private static readonly JsonSerializerOptions Json = new(DeepfakeJson.Options) { RespectNullableAnnotations = true };

    /// <summary>Version of the fit, for the record.</summary>
    public required string Version { get; init; }

    /// <summary>Added to the weighted sum of logits of the models that no family names.</summary>
    public double Intercept { get; init; }

    /// <summary>Weight of each model's pooled logit, by manifest name; ≥ 0, at least one above 0.</summary>
    public required IReadOnlyDictionary<string, double> Models { get; init; }

    /// <summary>Models that know one kind of fakes, by the name of the kind: what others do not see does not speak against what they see.</summary>
    public IReadOnlyDictionary<string, FamilyMembers> Families { get; init; } = new Dictionary<string, FamilyMembers>();

    /// <summary>Fits without some of the models, for analyses in which these gave nothing. One at most for each set of models.</summary>
    public IReadOnlyList<ReducedFit> Reduced { get; init; } = [];

    /// <summary>Models of the fit that an operator has switched off: nobody misses them. Not part of the file.</summary>
    [JsonIgnore]
    public IReadOnlySet<string> Disabled { get; init; } = new HashSet<string>();

    /// <summary>Weight of each applicable signal's score in [0,1], by name; ≥ 0. A signal that is not named keeps the weight it came with.</summary>
    public IReadOnlyDictionary<string, double> Signals { get; init; } = new Dictionary<string, double>();

    /// <summary>From crops to tracks to the medium.</summary>
    public PoolingSettings Pooling { get; init; } = new();

    /// <summary>Where the verdicts begin.</summary>
    public required VerdictThresholds Thresholds { get; init; }

    /// <summary>Share of authentic media above <see cref="VerdictThresholds.Manipulated"/> on the calibration data.</summary>
    public double? FalsePositiveRate { get; init; }

    /// <summary>Thresholds of the other profiles, by name; see <see cref="For"/>.</summary>
    public IReadOnlyDictionary<string, ProfileThresholds> Profiles { get; init; } = new Dictionary<string, ProfileThresholds>();

    /// <summary>How authentic media and fakes score; null where it was not measured.</summary>
    public ScoreQuantiles? Quantiles { get; init; }

    /// <summary>Faces beyond these limits do not decide.</summary>
    public QualityGates QualityGates { get; init; } = new();

    /// <summary>What to do when the models contradict each other; null: nothing, the fit has weighed them already.</summary>
    public DisagreementRule? Disagreement { get; init; }

    /// <summary>Whether a profile was fitted.</summary>
    public bool Has(ThresholdProfile profile) => profile == ThresholdProfile.Balanced || Profiles.ContainsKey(Name(profile));

    /// <summary>The same fit with the thresholds of a profile; with its own where the profile was not fitted.</summary>
    public FusionManifest For(ThresholdProfile profile) => Profiles.TryGetValue(Name(profile), out var fitted)
        ? this with
        {
            Thresholds = new VerdictThresholds(fitted.Suspicious, fitted.Manipulated, fitted.Authentic),
            FalsePositiveRate = fitted.FalsePositiveRate,
            Reduced = [.. Reduced.Select(one => one.For(Name(profile)))],
        }
        : this;

    /// <summary>The fit for the models that gave scores.</summary>
    /// <param name="scored">Their names; those that the fit does not know are passed over.</param>
    /// <returns>This one where no model is missing; else the one that was fitted without those that are; null where there is none.</returns>
    public FusionManifest? FittedTo(IReadOnlySet<string> scored)
    {
        var needed = Models.Where(model => model.Value > 0).Select(model => model.Key).ToHashSet(StringComparer.Ordinal);
        if (needed.IsSubsetOf(scored)) return this;
        var present = Models.Keys.Where(scored.Contains).ToHashSet(StringComparer.Ordinal);
        if (Reduced.FirstOrDefault(one => present.SetEquals(one.Models.Keys)) is { } reduced) return With(reduced);
        // An operator who switched a model off has decided that the others answer, measured or not.
        return needed.All(name => scored.Contains(name) || Disabled.Contains(name)) ? this : null;
    }

    /// <summary>All families with a model; the first one may be that of the models that no family names, whose name is empty.</summary>
    internal IEnumerable<FusionFamily> AllFamilies()
    {
        var members = Families.Values.SelectMany(family => family.Models).ToHashSet(StringComparer.Ordinal);
        if (Models.Keys.Any(name => !members.Contains(name))) yield return new FusionFamily("", Intercept, Models.Keys.Where(name => !members.Contains(name)).ToHashSet(StringComparer.Ordinal));
        foreach (var (name, family) in Families.OrderBy(family => family.Key, StringComparer.Ordinal))
        {
            if (family.Models.Count > 0) yield return new FusionFamily(name, family.Intercept, family.Models.ToHashSet(StringComparer.Ordinal));
        }
    }

    /// <summary>Reads and checks a manifest.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range; the message names it.</exception>
    public static FusionManifest Parse(ReadOnlySpan<byte> json)
    {
        FusionManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<FusionManifest>(json, Json) ?? throw new InvalidDataException("fusion.json is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("fusion.json cannot be read: " + e.Message, e);
        }

        manifest.Check();
        return manifest;
    }

    private void Check()
    {
        Require(Version.Length is > 0 and <= 64, "version", "1 to 64 characters");
        Require(double.IsFinite(Intercept), "intercept", "a finite number");
        Require(Models.Count > 0 && Models.Values.All(IsWeight) && Models.Values.Any(weight => weight > 0), "models", "weights ≥ 0, at least one above 0");
        Require(Families.Count <= MostFamilies, "families", $"{MostFamilies} at most");
        Require(Families.All(family => family.Key.Length is > 0 and <= 64 && family.Value is not null && double.IsFinite(family.Value.Intercept)), "families", "named, each with a finite intercept");
        var members = Families.Values.SelectMany(family => family.Models).ToList();
        Require(members.All(Models.ContainsKey) && members.Distinct(StringComparer.Ordinal).Count() == members.Count, "families", "of models named in 'models', each in one family");
        Require(Signals.Values.All(IsWeight), "signals", "weights ≥ 0");
        CheckThresholds("thresholds", Thresholds);
        Require(FalsePositiveRate is null or (>= 0 and <= 1), "false_positive_rate", "inside [0,1]");
        foreach (var (name, profile) in Profiles)
        {
            CheckThresholds($"profiles.{name}", new VerdictThresholds(profile.Suspicious, profile.Manipulated, profile.Authentic));
            Require(profile.FalsePositiveRate is null or (>= 0 and <= 1), $"profiles.{name}.false_positive_rate", "inside [0,1]");
        }

        Require(Quantiles is null || Quantiles.IsValid, "quantiles", "two to 1001 ascending probabilities of real and of fake media");
        Require(Pooling.Trim is >= 0 and < 0.5, "pooling.trim", "inside [0,0.5)");
        Require(Pooling.Upper is > 0 and <= 1, "pooling.upper", "inside (0,1]");
        Require(Pooling.TrackSharpness is > 0 and <= 100, "pooling.track_sharpness", "inside (0,100]");
        Require(Pooling.LogitClamp is > 0 and <= 15, "pooling.logit_clamp", "inside (0,15]");
        Require(Pooling.FamilySharpness is > 0 and <= 100, "pooling.family_sharpness", "inside (0,100]");
        Require(Pooling.MaxSignalLogit is >= 0 and <= 15, "pooling.max_signal_logit", "inside [0,15]");
        Require(QualityGates.MinFacePixels is >= 0 and < 10_000, "quality_gates.min_face_pixels", "≥ 0");
        Require(QualityGates.MinSharpness is >= 0 and < 100_000, "quality_gates.min_sharpness", "≥ 0");
        Require(QualityGates.MinBrightness >= 0 && QualityGates.MaxBrightness <= 255 && QualityGates.MinBrightness < QualityGates.MaxBrightness, "quality_gates.min_brightness", "below max_brightness, both inside [0,255]");
        Require(Disagreement is null or { MaxSpread: > 0 and <= 1, Verdict: Verdict.Suspicious or Verdict.Inconclusive }, "disagreement", "max_spread inside (0,1], verdict suspicious or inconclusive");
        CheckReduced();
    }

    private static void CheckThresholds(string field, VerdictThresholds thresholds)
    {
        Require(thresholds.Suspicious is > 0 and < 1, field + ".suspicious", "inside (0,1)");
        Require(thresholds.Manipulated < 1 && thresholds.Manipulated >= thresholds.Suspicious, field + ".manipulated", "at least suspicious, below 1");
        Require(thresholds.Authentic is null || (thresholds.Authentic > 0 && thresholds.Authentic <= thresholds.Suspicious), field + ".authentic", "above 0, at most suspicious");
    }

    private FusionManifest With(ReducedFit reduced) => this with
    {
        Intercept = 0,
        Models = reduced.Models,
        Families = reduced.Families,
        Pooling = Pooling with { FamilySharpness = reduced.FamilySharpness },
        Thresholds = reduced.Thresholds,
        FalsePositiveRate = reduced.FalsePositiveRate,
        Profiles = reduced.Profiles,
        Quantiles = reduced.Quantiles,
        Reduced = [],
    };

    private void CheckReduced()
    {
        for (var i = 0; i < Reduced.Count; i++)
        {
            Require(Reduced[i] is { Models: not null } && Reduced[i].Models.Keys.All(Models.ContainsKey), $"reduced[{i}].models", "models of the fit");
            try
            {
                With(Reduced[i]).Check();
            }
            catch (InvalidDataException e)
            {
                throw new InvalidDataException($"fusion.json: in 'reduced[{i}]': {e.Message}", e);
            }
        }
    }

    private static string Name(ThresholdProfile profile) => profile.ToString().ToLowerInvariant();

    private static bool IsWeight(double weight) => weight is >= 0 and < 1000;

    private static void Require(bool holds, string field, string rule)
    {
        if (!holds) throw new InvalidDataException($"fusion.json: '{field}' must be {rule}.");
    }
}

/// <summary>A fit of some of the models alone, with thresholds that hold for these.</summary>
public sealed record ReducedFit
{
    /// <summary>Weight of each of these models' pooled logits; ≥ 0.</summary>
    public required IReadOnlyDictionary<string, double> Models { get; init; }

    /// <summary>Their families.</summary>
    public IReadOnlyDictionary<string, FamilyMembers> Families { get; init; } = new Dictionary<string, FamilyMembers>();

    /// <summary>As <see cref="PoolingSettings.FamilySharpness"/>.</summary>
    public double FamilySharpness { get; init; } = 1;

    /// <summary>Where the verdicts begin.</summary>
    public required VerdictThresholds Thresholds { get; init; }

    /// <summary>Share of authentic media above <see cref="VerdictThresholds.Manipulated"/> on the calibration data.</summary>
    public double? FalsePositiveRate { get; init; }

    /// <summary>Thresholds of the other profiles, by name.</summary>
    public IReadOnlyDictionary<string, ProfileThresholds> Profiles { get; init; } = new Dictionary<string, ProfileThresholds>();

    /// <summary>How authentic media and fakes score; null where it was not measured.</summary>
    public ScoreQuantiles? Quantiles { get; init; }

    /// <summary>The same fit with the thresholds of a profile; with its own where the profile was not fitted.</summary>
    internal ReducedFit For(string profile) => Profiles.TryGetValue(profile, out var fitted)
        ? this with { Thresholds = new VerdictThresholds(fitted.Suspicious, fitted.Manipulated, fitted.Authentic), FalsePositiveRate = fitted.FalsePositiveRate }
        : this;
}

/// <summary>Models that know one kind of fakes.</summary>
/// <param name="Intercept">Added to the weighted sum of their logits.</param>
/// <param name="Models">Their names.</param>
public sealed record FamilyMembers(double Intercept, IReadOnlyList<string> Models);

/// <summary>A family with its name; empty for the models that no family names.</summary>
internal sealed record FusionFamily(string Name, double Intercept, IReadOnlySet<string> Models);

/// <summary>How a track's crops are pooled.</summary>
public enum PoolingMethod
{
    /// <summary>Weighted mean.</summary>
    Mean,

    /// <summary>Weighted mean without the lowest and highest <see cref="PoolingSettings.Trim"/> of the weight.</summary>
    TrimmedMean,

    /// <summary>
    /// Weighted mean of the highest <see cref="PoolingSettings.Upper"/> of the weight: a face that is fake for a part of a film only stands out, and a
    /// single odd crop does not decide.
    /// </summary>
    UpperMean,

    /// <summary>Weighted median.</summary>
    Median,
}

/// <summary>From crops to tracks to the medium.</summary>
public sealed record PoolingSettings
{
    /// <summary>Robust mean over a track's crops.</summary>
    public PoolingMethod Method { get; init; } = PoolingMethod.TrimmedMean;

    /// <summary>Share of the weight cut at each end by <see cref="PoolingMethod.TrimmedMean"/>, [0,0.5).</summary>
    public double Trim { get; init; } = 0.1;

    /// <summary>Share of the weight that <see cref="PoolingMethod.UpperMean"/> takes, (0,1].</summary>
    public double Upper { get; init; } = 0.5;

    /// <summary>Whether a crop counts by its <see cref="FaceQualityWeight"/>; else all count the same.</summary>
    public bool QualityWeighted { get; init; } = true;

    /// <summary>1: the mean of the tracks' odds; large: the maximum. See <see cref="TrackPooling.OverTracks"/>.</summary>
    public double TrackSharpness { get; init; } = 2;

    /// <summary>Logits of single crops are held inside ± this.</summary>
    public double LogitClamp { get; init; } = 8;

    /// <summary>All signals together move the logit by this much at most.</summary>
    public double MaxSignalLogit { get; init; } = 1;

    /// <summary>s of <see cref="Ensemble.Join"/>, &gt; 0: 1 adds the odds of the families, more comes near to their maximum.</summary>
    public double FamilySharpness { get; init; } = 1;
}

/// <summary>Where the verdicts begin, on the probability.</summary>
/// <param name="Suspicious">From here suspicious.</param>
/// <param name="Manipulated">From here manipulated.</param>
/// <param name="Authentic">Below this authentic, and inconclusive from here to <paramref name="Suspicious"/>; null: authentic up to there.</param>
public sealed record VerdictThresholds(double Suspicious, double Manipulated, double? Authentic = null)
{
    /// <summary>Used without a fit; results then carry <see cref="WarningCodes.DefaultThresholds"/>.</summary>
    public static VerdictThresholds Default { get; } = new(0.5, 0.9);
}

/// <summary>Thresholds of a profile.</summary>
/// <param name="Suspicious">From here suspicious, on the probability.</param>
/// <param name="Manipulated">From here manipulated.</param>
/// <param name="FalsePositiveRate">Share of authentic media above <paramref name="Manipulated"/> on the calibration data.</param>
/// <param name="Authentic">Below this authentic; see <see cref="VerdictThresholds.Authentic"/>.</param>
public sealed record ProfileThresholds(double Suspicious, double Manipulated, double? FalsePositiveRate = null, double? Authentic = null);

/// <summary>Faces beyond these limits do not decide; where all are beyond, the verdict is inconclusive.</summary>
public sealed record QualityGates
{
    /// <summary>Longer side of the face in source pixels, at least.</summary>
    public double MinFacePixels { get; init; } = 48;

    /// <summary><see cref="FaceQuality.Sharpness"/>, at least.</summary>
    public double MinSharpness { get; init; } = 10;

    /// <summary><see cref="FaceQuality.Brightness"/>, at least.</summary>
    public double MinBrightness { get; init; } = 25;

    /// <summary><see cref="FaceQuality.Brightness"/>, at most.</summary>
    public double MaxBrightness { get; init; } = 240;
}

/// <summary>What to do when the models contradict each other.</summary>
/// <param name="MaxSpread">Highest minus lowest pooled model probability of the deciding face from which they do, (0,1].</param>
/// <param name="Verdict">What a clear verdict then becomes: suspicious or inconclusive.</param>
public sealed record DisagreementRule(double MaxSpread, Verdict Verdict)
{
    /// <summary>Used without a fit: nobody has weighed the models against each other.</summary>
    public static DisagreementRule Default { get; } = new(0.85, Verdict.Suspicious);
}
