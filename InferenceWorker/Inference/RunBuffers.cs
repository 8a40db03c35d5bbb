using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>What one lane of a session needs to run: pinned tensors, bound once for each batch size, and the preprocessing.</summary>
internal sealed class RunBuffers : IDisposable
{
    private readonly float[] _input;
    private readonly Dictionary<int, (OrtValue[] Inputs, OrtValue[] Outputs)> _bound = [];

    public RunBuffers(ModelInput input, NetworkSignature signature, int[] buckets)
    {
        View = FaceViews.Create(input);
        _input = GC.AllocateArray<float>(buckets[^1] * View.Floats, pinned: true);
        Output = GC.AllocateArray<float>(buckets[^1] * signature.Columns, pinned: true);
        Cam = GC.AllocateArray<float>(buckets[^1] * (signature.Cam?.Cells ?? 0), pinned: true);
        foreach (long batch in buckets)
        {
            long[] inputShape = input.Layout == TensorLayout.Nchw ? [batch, 3, input.Size, input.Size] : [batch, input.Size, input.Size, 3];
            long[] outputShape = signature.OutputRank == 1 ? [batch] : [batch, signature.Columns];
            _bound[(int)batch] = (
                [OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _input.AsMemory(), inputShape)],
                [
                    OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, Output.AsMemory(), outputShape),
                    .. signature.Cam is { } cam ? [OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, Cam.AsMemory(), cam.Shape(batch))] : Array.Empty<OrtValue>(),
                ]);
        }
    }

    /// <summary>How faces become rows of the input.</summary>
    public IFaceView View { get; }

    /// <summary>Output of the last run.</summary>
    public float[] Output { get; }

    /// <summary>Heat maps of the last run; empty if the network has none.</summary>
    public float[] Cam { get; }

    /// <summary>The tensors of so many rows.</summary>
    public (OrtValue[] Inputs, OrtValue[] Outputs) Bind(int bucket) => _bound[bucket];

    /// <summary>Puts the rows of a face into the input.</summary>
    public void Write(FacePixels face, int row, int rows) => View.Write(face, _input.AsSpan(row * View.Floats, rows * View.Floats));

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
