using Deepfake.InferenceWorker.Models;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>What one lane of a session needs to run: pinned tensors, bound once for each batch size, and the preprocessing.</summary>
internal sealed class RunBuffers : IDisposable
{
    private readonly CropPreprocessor _preprocessor;
    private readonly float[] _input;
    private readonly Dictionary<int, (OrtValue[] Inputs, OrtValue[] Outputs)> _bound = [];

    public RunBuffers(ModelInput input, NetworkSignature signature, int[] buckets)
    {
        _preprocessor = new CropPreprocessor(input);
        Views = input.TtaFlip ? 2 : 1;
        _input = GC.AllocateArray<float>(buckets[^1] * Views * _preprocessor.Floats, pinned: true);
        Output = GC.AllocateArray<float>(buckets[^1] * Views * signature.Columns, pinned: true);
        Cam = GC.AllocateArray<float>(buckets[^1] * Views * (signature.Cam?.Cells ?? 0), pinned: true);
        Logits = new double[buckets[^1]];
        foreach (var bucket in buckets)
        {
            long batch = bucket * Views;
            long[] inputShape = input.Layout == TensorLayout.Nchw ? [batch, 3, input.Size, input.Size] : [batch, input.Size, input.Size, 3];
            long[] outputShape = signature.OutputRank == 1 ? [batch] : [batch, signature.Columns];
            _bound[bucket] = (
                [OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _input.AsMemory(), inputShape)],
                [
                    OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, Output.AsMemory(), outputShape),
                    .. signature.Cam is { } cam ? [OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, Cam.AsMemory(), cam.Shape(batch))] : Array.Empty<OrtValue>(),
                ]);
        }
    }

    /// <summary>Rows of the tensors a crop takes: 1, or 2 with its mirror image.</summary>
    public int Views { get; }

    /// <summary>Output of the last run.</summary>
    public float[] Output { get; }

    /// <summary>Heat maps of the last run; empty if the network has none.</summary>
    public float[] Cam { get; }

    /// <summary>Room for a log-odds a crop.</summary>
    public double[] Logits { get; }

    /// <summary>The tensors of a batch size.</summary>
    public (OrtValue[] Inputs, OrtValue[] Outputs) Bind(int bucket) => _bound[bucket];

    /// <summary>Puts a crop into the input.</summary>
    public void Write(ReadOnlySpan<byte> crop, int index)
    {
        var floats = _preprocessor.Floats;
        var rows = _input.AsSpan(index * Views * floats, Views * floats);
        _preprocessor.Write(crop, rows[..floats], rows[floats..]);
    }

    public void Dispose()
    {
        foreach (var (inputs, outputs) in _bound.Values)
        {
            inputs[0].Dispose();
            foreach (var output in outputs) output.Dispose();
        }

        _bound.Clear();
    }
}
