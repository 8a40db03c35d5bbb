using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.ForensicsWorker.Signals;

/// <summary>One forensic measurement of a medium. Implementations are pure: the same material gives the same answer.</summary>
public interface IForensicSignal
{
    /// <summary>Stable name, snake_case.</summary>
    string Name { get; }

    /// <summary>
    /// Weight in the fusion. 0 until a gain on held-out data was measured, however convincing the idea.
    /// </summary>
    double Weight { get; }

    /// <summary>Measures. What is thrown becomes "not applicable: unavailable" and never fails the job.</summary>
    Measurement Measure(ForensicMaterial material);
}

/// <summary>What signals may look at.</summary>
public sealed record ForensicMaterial
{
    /// <summary>Image, animation or video.</summary>
    public required MediaKind Kind { get; init; }

    /// <summary>Container of the medium.</summary>
    public required MediaFormat Format { get; init; }

    /// <summary>Thumbnails and native-resolution windows.</summary>
    public required FramePack Frames { get; init; }

    /// <summary>First bytes of the medium as it was uploaded; empty where it was not read.</summary>
    public ReadOnlyMemory<byte> Head { get; init; }
}

/// <summary>What a signal found.</summary>
public sealed record Measurement
{
    private const int Decimals = 4;

    private Measurement(double? score, string reason, IReadOnlyDictionary<string, double> values)
    {
        Score = score;
        Reason = reason;
        Values = values;
    }

    /// <summary>How unusual, [0,1]; null when the signal does not apply.</summary>
    public double? Score { get; }

    /// <summary>What was seen, or why the signal does not apply, in one plain sentence.</summary>
    public string Reason { get; }

    /// <summary>The numbers behind it.</summary>
    public IReadOnlyDictionary<string, double> Values { get; }

    /// <summary>The signal says something.</summary>
    /// <exception cref="ArithmeticException">The score is not a number.</exception>
    public static Measurement Of(double score, string reason, params ReadOnlySpan<(string Name, double Value)> values)
    {
        if (!double.IsFinite(score)) throw new ArithmeticException("The score is not a number.");
        return new Measurement(Math.Round(Math.Clamp(score, 0, 1), Decimals), reason, Dictionary(values));
    }

    /// <summary>The signal says nothing about this medium.</summary>
    public static Measurement NotApplicable(string reason, params ReadOnlySpan<(string Name, double Value)> values) => new(null, reason, Dictionary(values));

    private static Dictionary<string, double> Dictionary(ReadOnlySpan<(string Name, double Value)> values)
    {
        var dictionary = new Dictionary<string, double>();
        foreach (var (name, value) in values)
            if (double.IsFinite(value)) dictionary[name] = Math.Round(value, Decimals);
        return dictionary;
    }
}
