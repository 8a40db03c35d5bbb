using Deepfake.Contracts;

namespace Deepfake.ResultService.Merging;

/// <summary>
/// How long the two stages of recent analyses took, by what their format usually holds; kept by each process for itself, from what it
/// completed. Thread-safe.
/// </summary>
public sealed class StagePaces
{
    private const int Memory = 32;
    private const int Enough = 3;
    private readonly Lock _gate = new();
    private readonly Dictionary<MediaKind, Queue<StagePace>> _recent = [];

    /// <summary>Takes in an analysis that was completed.</summary>
    /// <param name="format">Container of its medium.</param>
    /// <param name="frames">From the first sign of work to the end of decoding.</param>
    /// <param name="scoring">From there to the end.</param>
    public void Learn(MediaFormat format, TimeSpan frames, TimeSpan scoring)
    {
        if (frames < TimeSpan.Zero || scoring < TimeSpan.Zero) return; // clocks of two machines
        lock (_gate)
        {
            if (!_recent.TryGetValue(KindOf(format), out var paces)) _recent.Add(KindOf(format), paces = new Queue<StagePace>());
            if (paces.Count == Memory) paces.Dequeue();
            paces.Enqueue(new StagePace(frames.TotalSeconds, scoring.TotalSeconds));
        }
    }

    /// <summary>Medians of the recent ones; null while there are too few.</summary>
    public StagePace? Find(MediaFormat format)
    {
        lock (_gate)
        {
            return _recent.TryGetValue(KindOf(format), out var paces) && paces.Count >= Enough
                ? new StagePace(Median(paces.Select(pace => pace.FramesSeconds)), Median(paces.Select(pace => pace.ScoringSeconds)))
                : null;
        }
    }

    // Before it is probed only the format is known.
    private static MediaKind KindOf(MediaFormat format) => format switch
    {
        MediaFormat.Mp4 or MediaFormat.Mov or MediaFormat.Avi or MediaFormat.Mkv or MediaFormat.Webm => MediaKind.Video,
        MediaFormat.Gif or MediaFormat.Webp => MediaKind.Animation,
        _ => MediaKind.Image,
    };

    private static double Median(IEnumerable<double> values)
    {
        var ordered = values.Order().ToArray();
        return (ordered[(ordered.Length - 1) / 2] + ordered[ordered.Length / 2]) / 2;
    }
}

/// <summary>Seconds that an analysis spends in its stages once a worker has it.</summary>
/// <param name="FramesSeconds">Decoding, faces, crops.</param>
/// <param name="ScoringSeconds">Networks and signals.</param>
public readonly record struct StagePace(double FramesSeconds, double ScoringSeconds);
