using Deepfake.InferenceWorker.Models;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Inputs and outputs of a network, checked against its manifest.</summary>
/// <param name="InputName">Name of the input.</param>
/// <param name="OutputName">Output with the score.</param>
/// <param name="OutputRank">Its dimensions, 1 or 2.</param>
/// <param name="Columns">Numbers a row, 1 or 2.</param>
/// <param name="FixedBatch">Rows that the network insists on; null for any.</param>
/// <param name="Cam">Heat maps; null for none.</param>
internal sealed record NetworkSignature(string InputName, string OutputName, int OutputRank, int Columns, int? FixedBatch, CamSignature? Cam)
{
    /// <exception cref="ModelRejectedException">The network does not fit the manifest.</exception>
    public static NetworkSignature Read(InferenceSession session, ModelManifest manifest)
    {
        if (session.InputMetadata.Count != 1) throw new ModelRejectedException($"the network has {session.InputMetadata.Count} inputs, not one");
        var (inputName, input) = session.InputMetadata.First();
        var size = manifest.Input.Size;
        int[] expected = manifest.Input.Layout == TensorLayout.Nchw ? [3, size, size] : [size, size, 3];
        if (!IsFloat(input) || input.Dimensions.Length != 4 || !Fits(input.Dimensions.AsSpan(1), expected))
            throw new ModelRejectedException($"the network's input is {Describe(input)}, not float32 [N,{string.Join(',', expected)}]");
        if (input.Dimensions[0] > BatchBuckets.Largest)
            throw new ModelRejectedException($"the network's fixed batch of {input.Dimensions[0]} is larger than {BatchBuckets.Largest}");

        var cam = manifest.Output.Cam;
        if (cam is not null && !session.OutputMetadata.ContainsKey(cam)) throw new ModelRejectedException($"the network has no output '{cam}'");
        var outputName = manifest.Output.Name ?? session.OutputMetadata.Keys.FirstOrDefault(name => name != cam)
            ?? throw new ModelRejectedException("the network has no output for the score");
        if (!session.OutputMetadata.TryGetValue(outputName, out var output)) throw new ModelRejectedException($"the network has no output '{outputName}'");
        var fixedBatch = input.Dimensions[0] > 0 ? input.Dimensions[0] : (int?)null;
        return new NetworkSignature(
            inputName, outputName, output.Dimensions.Length, ColumnsOf(output, manifest.Output.Kind), fixedBatch,
            cam is null ? null : CamSignature.Measure(session, inputName, cam, [fixedBatch ?? 1, .. expected]));
    }

    /// <summary>The same of a network over sequences.</summary>
    /// <exception cref="ModelRejectedException">The network does not fit the manifest.</exception>
    public static NetworkSignature ReadSequence(InferenceSession session, ModelManifest manifest, int length)
    {
        if (session.InputMetadata.Count != 1) throw new ModelRejectedException($"the network has {session.InputMetadata.Count} inputs, not one");
        var (inputName, input) = session.InputMetadata.First();
        var size = manifest.Input.Size;
        int[] expected = manifest.Input.Layout == TensorLayout.Nchw ? [1, length, 3, size, size] : [1, length, size, size, 3];
        if (!IsFloat(input) || input.Dimensions.Length != 5 || !Fits(input.Dimensions, expected))
            throw new ModelRejectedException($"the network's input is {Describe(input)}, not float32 [N,{string.Join(',', expected.Skip(1))}]");
        var outputName = manifest.Output.Name ?? session.OutputMetadata.Keys.FirstOrDefault(name => name != manifest.Output.Cam)
            ?? throw new ModelRejectedException("the network has no output for the score");
        if (!session.OutputMetadata.TryGetValue(outputName, out var output)) throw new ModelRejectedException($"the network has no output '{outputName}'");
        return new NetworkSignature(inputName, outputName, output.Dimensions.Length, ColumnsOf(output, manifest.Output.Kind), 1, null);
    }

    private static int ColumnsOf(NodeMetadata output, OutputKind kind)
    {
        var columns = output.Dimensions switch
        {
            [_] => 1,
            [_, 1] => 1,
            [_, 2] => 2,
            _ => 0,
        };
        var fits = kind switch
        {
            OutputKind.Logit => columns == 1,
            OutputKind.TwoClassLogits => columns == 2,
            _ => columns > 0,
        };
        return IsFloat(output) && fits ? columns : throw new ModelRejectedException($"the network's output is {Describe(output)}, which does not fit output.kind");
    }

    // Free dimensions are −1.
    private static bool Fits(ReadOnlySpan<int> dimensions, ReadOnlySpan<int> expected)
    {
        for (var i = 0; i < expected.Length; i++)
            if (dimensions[i] > 0 && dimensions[i] != expected[i]) return false;
        return true;
    }

    private static bool IsFloat(NodeMetadata node) => node.IsTensor && node.ElementType == typeof(float);

    private static string Describe(NodeMetadata node) =>
        node.IsTensor ? $"{node.ElementDataType.ToString().ToLowerInvariant()} [{string.Join(',', node.Dimensions.Select(d => d > 0 ? d.ToString() : "N"))}]" : "no tensor";
}
