using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>
/// The models of one analysis and their weights. Fitted: weights, intercepts and families of <c>fusion.json</c>. Otherwise: one family, no
/// intercept, and the manifests' weights divided by their sum, that is, the weighted mean of the logits. Within a family logits are
/// added. Where a model gave nothing in the whole analysis, the fit without it is in force (<see cref="FusionManifest.FittedTo"/>); where there is none,
/// or a model gave nothing for some crops only, the weights of the others are scaled up to the same sum. Families know different
/// kinds of fakes, and their odds are added (see <see cref="Join"/>): one that is sure is never drowned by others that see nothing. A model that the
/// fit does not know counts by the weight that an operator gave it and by nothing else: its logit times that weight is added where it
/// scored, and nothing takes its place where it did not.
/// </summary>
public sealed class Ensemble
{
    private readonly double[] _weights;
    private readonly int[] _families;
    private readonly FusionFamily[] _fitted;
    private readonly double[] _scales;
    private readonly double[] _shares;
    private readonly double _sharpness;

    /// <summary>Weighs the models that took part.</summary>
    /// <param name="reported">What every model said of itself, one entry a name.</param>
    /// <param name="manifest">The fit; null for none.</param>
    public Ensemble(IReadOnlyList<ModelScores> reported, FusionManifest? manifest)
    {
        // A fit that knows none of the models that gave scores fits another ensemble.
        var whole = manifest is not null && reported.Any(model => model.Scores.Count > 0 && manifest.Models.GetValueOrDefault(model.Name) * model.WeightFactor > 0) ? manifest : null;
        var fitted = whole?.FittedTo(reported.Where(model => model.Scores.Count > 0).Select(model => model.Name).ToHashSet(StringComparer.Ordinal));
        HasFittedThresholds = whole is null || fitted is not null;
        Fit = fitted ?? whole;
        Models = whole is null ? reported : [.. reported, .. Absent(reported, whole)];
        _fitted = Fit is null ? [new FusionFamily("", 0, new HashSet<string>())] : [.. Fit.AllFamilies()];
        _sharpness = Fit?.Pooling.FamilySharpness ?? 1;
        _weights = Fit is { } fit
            ? [.. Models.Select(model => Weight(model, fit) ?? Weight(model, whole!) ?? model.GivenWeight ?? 0)]
            : Normalised([.. Models.Select(model => model.Weight)]);
        _families = [.. Models.Select(model => Fit is null ? 0 : Array.FindIndex(_fitted, family => family.Models.Contains(model.Name)))];
        _shares = whole is null ? _weights : [.. Models.Select(model => Weight(model, whole) ?? model.GivenWeight ?? 0)];
        _scales = [.. _fitted.Select((family, f) => _weights.Where((_, m) => _families[m] == f).Sum() + (Fit?.Models
            .Where(entry => family.Models.Contains(entry.Key) && Fit.Disabled.Contains(entry.Key) && reported.All(model => model.Name != entry.Key)).Sum(entry => entry.Value) ?? 0))];
    }

    /// <summary>The fit in force; null where none applies.</summary>
    public FusionManifest? Fit { get; }

    /// <summary>Whether the thresholds in force were fitted to the models that gave scores, or there is no fit at all.</summary>
    public bool HasFittedThresholds { get; }

    /// <summary>Every model that took part or should have, by name.</summary>
    public IReadOnlyList<ModelScores> Models { get; }

    /// <summary>Weight of a model in the sum of its family's logits.</summary>
    public double WeightOf(int model) => _weights[model];

    /// <summary>Whether a model counts by an operator's word beside a fit that does not know it.</summary>
    public bool IsAdded(int model) => _families[model] < 0 && Models[model].GivenWeight > 0;

    /// <summary>Name of a model's family; null where it has none.</summary>
    public string? FamilyOf(int model) => _families[model] >= 0 && _fitted[_families[model]].Name is { Length: > 0 } name ? name : null;

    /// <summary>Share of the total weight that these models hold, [0,1].</summary>
    public double ShareOf(ReadOnlySpan<double?> logits)
    {
        double present = 0, total = 0;
        for (var m = 0; m < logits.Length; m++)
        {
            total += _shares[m];
            if (logits[m] is not null) present += _shares[m];
        }

        return total > 0 ? present / total : 0;
    }

    /// <summary>Combines one logit a model (null: it gave none) into one; null when no weighted model gave any.</summary>
    public double? Combine(ReadOnlySpan<double?> logits)
    {
        Span<double> spoken = stackalloc double[_fitted.Length];
        var count = 0;
        for (var f = 0; f < _fitted.Length; f++)
        {
            if (OfFamily(f, logits) is { } z) spoken[count++] = z;
        }

        double beside = 0;
        var isScored = count > 0;
        for (var m = 0; m < logits.Length; m++)
        {
            if (logits[m] is not { } logit || !IsAdded(m)) continue;
            beside += _weights[m] * logit;
            isScored = true;
        }

        return isScored ? (count > 0 ? Join(spoken[..count], _sharpness) : Fit?.Intercept ?? 0) + beside : null;
    }

    /// <summary>
    /// z = ln(Σ exp(s · z_f)) / s. With s = 1 the odds of the families are added, which for small probabilities is their noisy or:
    /// z lies between the highest z_f and ln(number of families) / s above it.
    /// </summary>
    /// <param name="families">One logit a family, at least one.</param>
    /// <param name="sharpness">s &gt; 0; infinity would be the maximum.</param>
    public static double Join(ReadOnlySpan<double> families, double sharpness)
    {
        var highest = families[0];
        foreach (var z in families) highest = Math.Max(highest, z);
        var sum = 0.0;
        foreach (var z in families) sum += Math.Exp(sharpness * (z - highest));
        return highest + Math.Log(sum) / sharpness;
    }

    private double? OfFamily(int family, ReadOnlySpan<double?> logits)
    {
        double sum = 0, present = 0;
        for (var m = 0; m < logits.Length; m++)
        {
            if (logits[m] is not { } logit || _families[m] != family || _weights[m] <= 0) continue;
            sum += _weights[m] * logit;
            present += _weights[m];
        }

        return present > 0 ? _fitted[family].Intercept + sum * (_scales[family] / present) : null;
    }

    private static double? Weight(ModelScores model, FusionManifest fit) => fit.Models.TryGetValue(model.Name, out var weight) ? weight * model.WeightFactor : null;

    private static IEnumerable<ModelScores> Absent(IReadOnlyList<ModelScores> reported, FusionManifest fit) =>
        fit.Models.Where(entry => entry.Value > 0 && !fit.Disabled.Contains(entry.Key) && reported.All(model => model.Name != entry.Key)).OrderBy(entry => entry.Key, StringComparer.Ordinal)
            .Select(entry => new ModelScores
            {
                Name = entry.Key,
                Version = "unknown",
                Weight = entry.Value,
                Provider = "none",
                Scores = [],
                Error = "The model is part of the fusion but was not loaded.",
            });

    private static double[] Normalised(double[] weights)
    {
        var sum = weights.Sum();
        // Manifests that all say 0 still mean "these are the models": count them the same.
        return sum > 0 ? [.. weights.Select(weight => weight / sum)] : [.. weights.Select(_ => 1.0 / weights.Length)];
    }
}
