using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Calibration;

/// <summary>A point of a calibration curve.</summary>
/// <param name="Raw">The signal's own measure.</param>
/// <param name="Score">Score in [0,1].</param>
public readonly record struct CurvePoint(double Raw, double Score);

/// <summary>Raw measures that were met where the signal was measured.</summary>
/// <param name="Low">Lowest.</param>
/// <param name="High">Highest.</param>
public readonly record struct ValidityRange(double Low, double High);

/// <summary>What measuring on data found out about one signal.</summary>
public sealed record SignalCalibration
{
    /// <summary>Weight in the fusion; 0 unless a gain was measured on held-out groups.</summary>
    public double Weight { get; init; }

    /// <summary>
    /// From raw measure to score: linear between the points, flat beyond them. Ascending in both, at least two points; null for the signal's
    /// built-in one.
    /// </summary>
    public IReadOnlyList<CurvePoint>? Curve { get; init; }

    /// <summary>Raw measures that were met; beyond them a score is extrapolated. Null where nothing was measured.</summary>
    public ValidityRange? Range { get; init; }

    /// <summary>How well the score separates; null where that was not measured.</summary>
    public MeasuredAuc? Auc { get; init; }

    /// <summary>Fitted numbers of signals that have some, by name.</summary>
    public IReadOnlyDictionary<string, IReadOnlyList<double>> Parameters { get; init; } = new Dictionary<string, IReadOnlyList<double>>();

    /// <summary>A calibration without data behind it.</summary>
    /// <param name="points">Raw measures and their scores, ascending.</param>
    public static SignalCalibration Assumed(params ReadOnlySpan<(double Raw, double Score)> points)
    {
        var curve = new CurvePoint[points.Length];
        for (var i = 0; i < points.Length; i++) curve[i] = new CurvePoint(points[i].Raw, points[i].Score);
        return new SignalCalibration { Curve = curve };
    }

    /// <summary>The score of a raw measure.</summary>
    /// <exception cref="InvalidOperationException">There is no curve.</exception>
    public double Score(double raw)
    {
        if (Curve is null) throw new InvalidOperationException("The calibration has no curve.");
        if (raw <= Curve[0].Raw) return Curve[0].Score;
        for (var i = 1; i < Curve.Count; i++)
        {
            if (raw >= Curve[i].Raw) continue;
            var (from, to) = (Curve[i - 1], Curve[i]);
            return from.Score + (to.Score - from.Score) * (raw - from.Raw) / (to.Raw - from.Raw);
        }

        return Curve[^1].Score;
    }

    /// <summary>Why it cannot be used; null when it can.</summary>
    internal string? Fault()
    {
        if (Weight is not (>= 0 and < 1000)) return "weight must be ≥ 0";
        if (Curve is { Count: < 2 or > 64 }) return "curve must have 2 to 64 points";
        for (var i = 0; i < (Curve?.Count ?? 0); i++)
        {
            if (!double.IsFinite(Curve![i].Raw) || Curve[i].Score is not (>= 0 and <= 1)) return "curve must hold numbers and scores inside [0,1]";
            if (i > 0 && (Curve[i].Raw <= Curve[i - 1].Raw || Curve[i].Score < Curve[i - 1].Score)) return "curve must rise";
        }

        if (Range is { } range && !(double.IsFinite(range.Low) && double.IsFinite(range.High) && range.Low <= range.High)) return "range must be two ascending numbers";
        if (Auc is { } auc && !(auc.Low is >= 0 and <= 1 && auc.High is >= 0 and <= 1 && auc.Value is >= 0 and <= 1 && auc.Media >= 0)) return "auc must lie inside [0,1]";
        return Parameters.Values.All(numbers => numbers is { Count: <= 4096 } && numbers.All(double.IsFinite)) ? null : "parameters must be lists of numbers";
    }
}
