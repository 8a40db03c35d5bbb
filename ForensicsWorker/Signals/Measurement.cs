using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>What a signal found.</summary>
public sealed record Measurement
{
    private const int Decimals = 4;

    private Measurement(double? raw, double? score, string reason, IReadOnlyDictionary<string, double> values)
    {
        (Raw, Score, Reason, Values) = (raw, score, reason, values);
    }

    /// <summary>The signal's own measure, in its own unit, higher is more unusual; null when the signal does not apply.</summary>
    public double? Raw { get; }

    /// <summary>How unusual, [0,1]; null when the signal does not apply.</summary>
    public double? Score { get; }

    /// <summary>What was seen, or why the signal does not apply, in one plain sentence.</summary>
    public string Reason { get; }

    /// <summary>The numbers behind it.</summary>
    public IReadOnlyDictionary<string, double> Values { get; }

    /// <summary>Where it stands out, strongest first.</summary>
    public IReadOnlyList<SignalPlace> Places { get; init; } = [];

    /// <summary>What a fitted classifier looks at; only for fitting it.</summary>
    public IReadOnlyList<double> Features { get; init; } = [];

    /// <summary>The signal says something.</summary>
    /// <param name="raw">Its own measure.</param>
    /// <param name="score">The calibrated measure.</param>
    /// <param name="reason">What was seen.</param>
    /// <param name="values">The numbers behind it; what is not finite is left out.</param>
    /// <exception cref="ArithmeticException">The measure is not a number.</exception>
    public static Measurement Of(double raw, double score, string reason, params ReadOnlySpan<(string Name, double Value)> values)
    {
        if (!double.IsFinite(raw) || !double.IsFinite(score)) throw new ArithmeticException("The score is not a number.");
        return new Measurement(raw, Math.Round(Math.Clamp(score, 0, 1), Decimals), reason, Dictionary(values));
    }

    /// <summary>The signal says nothing about this medium.</summary>
    public static Measurement NotApplicable(string reason, params ReadOnlySpan<(string Name, double Value)> values) => new(null, null, reason, Dictionary(values));

    private static Dictionary<string, double> Dictionary(ReadOnlySpan<(string Name, double Value)> values)
    {
        var dictionary = new Dictionary<string, double>();
        foreach (var (name, value) in values)
            if (double.IsFinite(value)) dictionary[name] = Math.Round(value, Decimals);
        return dictionary;
    }
}
