using System.Diagnostics.Metrics;
using Deepfake.ServiceDefaults;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Instruments of this service.</summary>
internal static class InferenceMetrics
{
    private static readonly Histogram<int> Batch =
        Telemetry.Meter.CreateHistogram<int>("deepfake.inference.batch.size", "{crop}", "Crops that were scored together.");

    private static readonly Histogram<double> Wait =
        Telemetry.Meter.CreateHistogram<double>("deepfake.inference.queue.wait", "s", "Time from a pack's arrival in the batcher to its first batch.");

    private static readonly Histogram<double> Run =
        Telemetry.Meter.CreateHistogram<double>("deepfake.inference.run.duration", "s", "Time a model took for a batch.");

    private static readonly Counter<long> Crops =
        Telemetry.Meter.CreateCounter<long>("deepfake.inference.crops", "{crop}", "Crops that a model scored.");

    private static readonly Counter<long> Failures =
        Telemetry.Meter.CreateCounter<long>("deepfake.inference.failures", "{run}", "Runs of a model that failed.");

    public static void Batched(int crops) => Batch.Record(crops);

    public static void Waited(TimeSpan time) => Wait.Record(time.TotalSeconds);

    public static void Ran(ModelSession session, int crops, TimeSpan time)
    {
        KeyValuePair<string, object?> model = new("model", session.Manifest.Name), provider = new("provider", session.Provider);
        Run.Record(time.TotalSeconds, model, provider);
        Crops.Add(crops, model, provider);
    }

    public static void Failed(ModelSession session) => Failures.Add(1, new KeyValuePair<string, object?>("model", session.Manifest.Name));
}
