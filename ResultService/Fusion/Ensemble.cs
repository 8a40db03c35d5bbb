using Deepfake.Contracts;

namespace Deepfake.ResultService.Fusion;

/// <summary>
/// The models of one analysis and their weights. Fitted: intercept and weights of <c>fusion.json</c>. Otherwise: no intercept, and the
/// manifests' weights divided by their sum, that is, the weighted mean of the logits. Where models gave nothing, or are switched off, the
/// weights of the others are scaled up to the same sum. A specialist (a model with a floor) adds what lies above its floor and else nothing:
/// it neither clears a face nor takes the weight of others. A model that the fit does not know counts by the weight that an operator gave it
/// and by nothing else: its logit times that weight is added where it scored, and nothing takes its place where it did not.
/// </summary>
public sealed class Ensemble
{
    private readonly double[] _weights;
    private readonly double?[] _floors;
    private readonly bool[] _added;
    private readonly double _total;
    private readonly double _scale;

    /// <summary>Weighs the models that took part.</summary>
    /// <param name="reported">What every model said of itself, one entry a name.</param>
    /// <param name="manifest">The fit; null for none.</param>
    public Ensemble(IReadOnlyList<ModelScores> reported, FusionManifest? manifest)
    {
        // A fit that knows none of the models that gave scores, or specialists only, fits another ensemble.
        Fit = manifest is not null && reported.Any(model => model.Scores.Count > 0 && manifest.Models.GetValueOrDefault(model.Name) * model.WeightFactor > 0 && !manifest.Floors.ContainsKey(model.Name))
            ? manifest
            : null;
        Models = Fit is null ? reported : [.. reported, .. Absent(reported, Fit)];
        _weights = Fit is { } fit
            ? [.. Models.Select(model => fit.Models.TryGetValue(model.Name, out var fitted) ? fitted * model.WeightFactor : model.GivenWeight ?? 0)]
            // A specialist that is alone clears nothing and convicts nobody.
            : [.. Normalised([.. Models.Select(model => model.Weight)]).Select((weight, m) => manifest?.Floors.ContainsKey(Models[m].Name) == true ? 0 : weight)];
        _floors = [.. Models.Select(model => Fit is { } fitted && fitted.Floors.TryGetValue(model.Name, out var floor) ? floor : (double?)null)];
        _added = [.. Models.Select((model, m) => Fit is { } fitted && !fitted.Models.ContainsKey(model.Name) && _weights[m] > 0)];
        _total = _weights.Sum();
        _scale = _weights.Where((_, m) => _floors[m] is null && !_added[m]).Sum() + (Fit?.Models
            .Where(entry => Fit.Disabled.Contains(entry.Key) && !Fit.Floors.ContainsKey(entry.Key) && reported.All(model => model.Name != entry.Key)).Sum(entry => entry.Value) ?? 0);
    }

    /// <summary>The fit in force; null where none applies.</summary>
    public FusionManifest? Fit { get; }

    /// <summary>Every model that took part or should have, by name.</summary>
    public IReadOnlyList<ModelScores> Models { get; }

    /// <summary>Weight of a model in the sum of logits.</summary>
    public double WeightOf(int model) => _weights[model];

    /// <summary>Whether a model counts by an operator's word beside a fit that does not know it.</summary>
    public bool IsAdded(int model) => _added[model];

    /// <summary>Whether a model only raises the score, from its floor on.</summary>
    public bool IsSpecialist(int model) => _floors[model] is not null;

    /// <summary>Share of the total weight that these models hold, [0,1].</summary>
    public double ShareOf(ReadOnlySpan<double?> logits)
    {
        var present = 0.0;
        for (var m = 0; m < logits.Length; m++)
        {
            if (logits[m] is not null) present += _weights[m];
        }

        return _total > 0 ? present / _total : 0;
    }

    /// <summary>Combines one logit a model (null: it gave none) into one; null when no weighted model gave any, or specialists alone that saw nothing.</summary>
    public double? Combine(ReadOnlySpan<double?> logits)
    {
        double sum = 0, present = 0, beside = 0;
        var isScored = false;
        for (var m = 0; m < logits.Length; m++)
        {
            if (logits[m] is not { } logit || _weights[m] <= 0) continue;
            // A specialist below its floor has said nothing: a face that only it has seen was judged by nobody.
            isScored |= _floors[m] is null || logit > _floors[m];
            if (_floors[m] is { } floor)
            {
                beside += _weights[m] * Math.Max(logit - floor, 0);
            }
            else if (_added[m])
            {
                beside += _weights[m] * logit;
            }
            else
            {
                sum += _weights[m] * logit;
                present += _weights[m];
            }
        }

        return isScored ? (Fit?.Intercept ?? 0) + (present > 0 ? sum * (_scale / present) : 0) + beside : null;
    }

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
