using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>The output of a network that holds its class activation maps: [N, h, w] or [N, 1, h, w].</summary>
/// <param name="Name">Name of the output.</param>
/// <param name="Rank">Its dimensions, 3 or 4.</param>
/// <param name="Height">Cells down.</param>
/// <param name="Width">Cells across.</param>
internal sealed record CamSignature(string Name, int Rank, int Height, int Width)
{
    public int Cells => Height * Width;

    public long[] Shape(long batch) => Rank == 3 ? [batch, Height, Width] : [batch, 1, Height, Width];

    /// <summary>Runs the network once on nothing: exporters leave the size of the maps open.</summary>
    /// <exception cref="ModelRejectedException">The output holds no maps.</exception>
    public static CamSignature Measure(InferenceSession session, string inputName, string name, int[] inputShape)
    {
        using var input = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, TensorElementType.Float, Array.ConvertAll(inputShape, side => (long)side));
        input.GetTensorMutableDataAsSpan<float>().Clear();
        using var run = new RunOptions();
        using var outputs = session.Run(run, [inputName], [input], [name]);
        var facts = outputs[0].GetTensorTypeAndShape();
        var shape = facts.Shape;
        var isMap = facts.ElementDataType == TensorElementType.Float && shape is [_, _, _] or [_, 1, _, _]
            && shape[^1] is > 0 and <= HeatMaps.MaxSide && shape[^2] is > 0 and <= HeatMaps.MaxSide;
        return isMap
            ? new CamSignature(name, shape.Length, (int)shape[^2], (int)shape[^1])
            : throw new ModelRejectedException($"the network's output '{name}' is no heat map [N,h,w] or [N,1,h,w] of at most {HeatMaps.MaxSide} cells a side");
    }
}
