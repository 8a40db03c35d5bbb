using System.Diagnostics;

namespace Deepfake.FrameService.Extraction;

/// <summary>Adds up wall seconds by name. One thread at a time.</summary>
internal sealed class StageClock
{
    private readonly Dictionary<string, double> _seconds = new(StringComparer.Ordinal);

    /// <summary>Frames worked on.</summary>
    public int Frames { get; set; }

    /// <summary>Faces cropped.</summary>
    public int Faces { get; set; }

    /// <summary>Seconds by name.</summary>
    public IReadOnlyDictionary<string, double> Seconds => _seconds;

    /// <summary>Adds seconds to a name.</summary>
    public void Add(string name, double seconds) => _seconds[name] = _seconds.GetValueOrDefault(name) + seconds;

    /// <summary>Measures until disposed.</summary>
    public Measurement Measure(string name) => new(this, name, Stopwatch.GetTimestamp());

    internal readonly struct Measurement(StageClock clock, string name, long start) : IDisposable
    {
        public void Dispose() => clock.Add(name, Stopwatch.GetElapsedTime(start).TotalSeconds);
    }
}
