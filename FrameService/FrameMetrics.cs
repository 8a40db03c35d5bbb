using System.Diagnostics.Metrics;
using Deepfake.Contracts;
using Deepfake.ServiceDefaults;

namespace Deepfake.FrameService;

/// <summary>Instruments of this service.</summary>
internal static class FrameMetrics
{
    private static readonly Histogram<double> Step =
        Telemetry.Meter.CreateHistogram<double>("deepfake.frames.step.duration", "s", "Time a medium spent in one step of the frame stage.");

    private static readonly Histogram<double> Stage =
        Telemetry.Meter.CreateHistogram<double>("deepfake.frames.stage.duration", "s", "Time of the whole frame stage.");

    private static readonly Counter<long> Sampled = Telemetry.Meter.CreateCounter<long>("deepfake.frames.sampled", "{frame}", "Frames that were taken and searched for faces.");
    private static readonly Counter<long> Faces = Telemetry.Meter.CreateCounter<long>("deepfake.frames.faces", "{face}", "Faces that were cropped.");

    public static void Ended(MediaKind kind, IReadOnlyDictionary<string, double> seconds, int frames, int faces)
    {
        KeyValuePair<string, object?> tag = new("kind", kind.ToString());
        foreach (var (step, time) in seconds) Step.Record(time, new("step", step), tag);
        Stage.Record(seconds.GetValueOrDefault("total"), tag);
        Sampled.Add(frames, tag);
        Faces.Add(faces, tag);
    }
}
