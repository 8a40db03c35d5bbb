using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Where networks run.</summary>
public interface IExecutionProvider
{
    /// <summary>What results name: <c>cpu</c> or <c>cuda</c>.</summary>
    string Name { get; }

    /// <summary>How to share this device, unless configured otherwise.</summary>
    /// <param name="threads">Processor threads that may be used, ≥ 1.</param>
    RunShape Shape(int threads);

    /// <summary>Makes a session run here.</summary>
    /// <exception cref="OnnxRuntimeException">This machine cannot.</exception>
    void Configure(SessionOptions options);
}

/// <summary>How the runs of networks share a device.</summary>
/// <param name="Lanes">Runs side by side, ≥ 1.</param>
/// <param name="ThreadsPerRun">Processor threads of one run, ≥ 1.</param>
/// <param name="MaxBatch">Crops of one run at most, 1–64.</param>
/// <param name="Padding">Share of a batch that may be padding: small where a run costs by the crop, 1 where it does not.</param>
/// <param name="Spread">Whether lanes share what waits evenly, or fill one batch before the next.</param>
/// <param name="Precision">Numbers that networks compute in, where they have such a form; on the CPU only.</param>
public sealed record RunShape(int Lanes, int ThreadsPerRun, int MaxBatch, double Padding, bool Spread, Precision Precision = Precision.Float32);

/// <summary>
/// The processor. One crop a run and one thread a run, as many runs side by side as there are threads: measured on two cores, that
/// scores 1.5 times as many crops a second as runs of two threads for small networks and as many for large ones, at the least processor
/// time a crop; batches of 8 bring nothing and take two to three times the memory.
/// </summary>
public sealed class CpuExecutionProvider : IExecutionProvider
{
    /// <inheritdoc/>
    public string Name => "cpu";

    /// <inheritdoc/>
    public RunShape Shape(int threads) => new(threads, 1, 1, 0.25, Spread: true);

    /// <inheritdoc/>
    public void Configure(SessionOptions options)
    {
        // It is always there, as the last resort of every session.
    }
}
