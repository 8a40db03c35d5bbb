namespace Deepfake.FrameService.Sampling;

/// <summary>How to get the sampled frames out of a medium.</summary>
public enum SampleMode
{
    /// <summary>The one picture of a still.</summary>
    Still,

    /// <summary>Frames by their number, evenly (animations).</summary>
    ByNumber,

    /// <summary>One pass; the first frame at or after each candidate time.</summary>
    OnePass,

    /// <summary>A jump to the key frame at or before each time.</summary>
    Jumps,
}

/// <summary>A stretch of media time of which one frame is taken.</summary>
/// <param name="Start">Start in seconds.</param>
/// <param name="End">End in seconds.</param>
public readonly record struct Stratum(double Start, double End)
{
    /// <summary>Its middle in seconds.</summary>
    public double Middle => (Start + End) / 2;
}

/// <summary>Which frames to look at and which of them to take.</summary>
public sealed record SamplePlan
{
    /// <summary>How they are fetched.</summary>
    public required SampleMode Mode { get; init; }

    /// <summary>Frames wanted.</summary>
    public required int Frames { get; init; }

    /// <summary>One frame is taken of each; empty where every delivered frame is taken.</summary>
    public IReadOnlyList<Stratum> Strata { get; init; } = [];

    /// <summary>Media times to look at, ascending.</summary>
    public IReadOnlyList<double> Instants { get; init; } = [];

    /// <summary>Frames of the source, where they are taken by number.</summary>
    public int SourceFrames { get; init; }
}
