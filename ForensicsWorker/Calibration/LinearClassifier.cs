namespace Deepfake.ForensicsWorker.Calibration;

/// <summary>A fitted linear classifier: standardised features, weights, an intercept. Its answer is a logit of <em>manipulated</em>.</summary>
public static class LinearClassifier
{
    /// <summary>Parameter of the calibration: means of the features.</summary>
    public const string Mean = "mean";

    /// <summary>Parameter of the calibration: deviations of the features, above 0.</summary>
    public const string Deviation = "deviation";

    /// <summary>Parameter of the calibration: a weight a feature, then the intercept.</summary>
    public const string Weights = "weights";

    /// <summary>The logit; null where the calibration holds no classifier for as many features.</summary>
    public static double? Logit(SignalCalibration calibration, ReadOnlySpan<double> features)
    {
        if (!calibration.Parameters.TryGetValue(Mean, out var mean) || !calibration.Parameters.TryGetValue(Deviation, out var deviation)
            || !calibration.Parameters.TryGetValue(Weights, out var weights)) return null;
        if (mean.Count != features.Length || deviation.Count != features.Length || weights.Count != features.Length + 1) return null;
        var logit = weights[^1];
        for (var i = 0; i < features.Length; i++) logit += weights[i] * (features[i] - mean[i]) / Math.Max(deviation[i], 1e-9);
        return logit;
    }
}
