using System.Collections.Concurrent;
using System.Numerics.Tensors;
using Deepfake.Contracts;
using Deepfake.FrameService.Cropping;
using Microsoft.ML.OnnxRuntime;
using SessionOptions = Microsoft.ML.OnnxRuntime.SessionOptions;

namespace Deepfake.FrameService.Faces;

/// <summary>
/// BlazeFace (Bazarevsky et al., 2019) in its 128 (front camera) and 256 (back camera) variants. Input [1, S, S, 3] RGB in [−1, 1].
/// Outputs: scores [1, 512, 1] and boxes [1, 512, 16] of a 16 × 16 grid with 2 anchors a cell, then [1, 384, ·] of an 8 × 8 grid with 6.
/// A box is centre x, y, width, height and six keypoints x, y in input pixels, all but the size relative to the middle of the cell;
/// the anchors have no size of their own.
/// </summary>
public sealed class BlazeFaceDetector : IFaceDetector
{
    private static readonly (string Scores, string Boxes, int Grid, int Anchors)[] Layers =
        [("Identity:0", "Identity_2:0", 16, 2), ("Identity_1:0", "Identity_3:0", 8, 6)];

    private static readonly string[] OutputNames = [.. Layers.SelectMany(layer => new[] { layer.Scores, layer.Boxes })];

    private readonly InferenceSession _session;
    private readonly RunOptions _runOptions = new();
    private readonly ConcurrentBag<Workspace> _idle = [];
    private readonly string[] _inputNames;
    private readonly float _logitThreshold;

    /// <summary>Loads the network.</summary>
    /// <param name="modelPath">ONNX file.</param>
    /// <param name="threads">Threads inside one run, ≥ 1.</param>
    /// <param name="threshold">Least score of a candidate, (0,1).</param>
    /// <exception cref="InvalidDataException">The file is no BlazeFace network.</exception>
    public BlazeFaceDetector(string modelPath, int threads, float threshold)
    {
        using var options = new SessionOptions
        {
            IntraOpNumThreads = threads,
            InterOpNumThreads = 1,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_ALL,
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR,
        };
        _session = new InferenceSession(modelPath, options);
        var (name, input) = _session.InputMetadata.First();
        if (input.Dimensions is not [_, var height, var width, 3] || height != width || height <= 0 || !OutputNames.All(_session.OutputMetadata.ContainsKey))
        {
            _session.Dispose();
            throw new InvalidDataException($"'{Path.GetFileName(modelPath)}' is no BlazeFace network.");
        }

        _inputNames = [name];
        InputSide = width;
        Name = $"blazeface-{width}";
        _logitThreshold = MathF.Log(threshold / (1 - threshold));
    }

    /// <inheritdoc/>
    public string Name { get; }

    /// <inheritdoc/>
    public int InputSide { get; }

    /// <inheritdoc/>
    public void Detect(RgbView picture, SquareView view, List<DetectedFace> found)
    {
        if (!_idle.TryTake(out var work)) work = new Workspace(InputSide);
        try
        {
            work.Resampler.Resample(picture, view.X, view.Y, view.Side, view.Side, InputSide, InputSide, work.Pixels);
            TensorPrimitives.Multiply(work.Pixels, 1 / 127.5f, work.Pixels);
            TensorPrimitives.Subtract(work.Pixels, 1, work.Pixels);
            _session.Run(_runOptions, _inputNames, work.Inputs, OutputNames, work.Outputs);
            Decode(work, view, found);
        }
        finally
        {
            _idle.Add(work);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        while (_idle.TryTake(out var work)) work.Dispose();
        _runOptions.Dispose();
        _session.Dispose();
    }

    private void Decode(Workspace work, SquareView view, List<DetectedFace> found)
    {
        var toPicture = view.Side / InputSide;
        for (var layer = 0; layer < Layers.Length; layer++)
        {
            var (_, _, grid, anchors) = Layers[layer];
            ReadOnlySpan<float> scores = work.Results[2 * layer], boxes = work.Results[2 * layer + 1];
            var cell = (float)InputSide / grid;
            for (var i = 0; i < scores.Length; i++)
            {
                if (!(scores[i] >= _logitThreshold)) continue;
                var position = i / anchors;
                float anchorX = (position % grid + 0.5f) * cell, anchorY = (position / grid + 0.5f) * cell;
                var box = boxes.Slice(i * 16, 16);
                var landmarks = new float[12];
                for (var k = 0; k < 12; k += 2)
                {
                    landmarks[k] = view.X + (anchorX + box[4 + k]) * toPicture;
                    landmarks[k + 1] = view.Y + (anchorY + box[5 + k]) * toPicture;
                }

                float width = box[2] * toPicture, height = box[3] * toPicture;
                if (!(width > 0 && height > 0)) continue;
                var corner = new Box(view.X + (anchorX + box[0]) * toPicture - width / 2, view.Y + (anchorY + box[1]) * toPicture - height / 2, width, height);
                found.Add(new DetectedFace(corner, landmarks, 1 / (1 + MathF.Exp(-scores[i])), Name));
            }
        }
    }

    /// <summary>Buffers of one run, bound to tensors once.</summary>
    private sealed class Workspace : IDisposable
    {
        public Workspace(int side)
        {
            Pixels = new float[side * side * 3];
            Inputs = [OrtValue.CreateTensorValueFromMemory(Pixels, [1, side, side, 3])];
            foreach (var (_, _, grid, anchors) in Layers)
            {
                var count = grid * grid * anchors;
                Results.Add(new float[count]);
                Results.Add(new float[count * 16]);
                Outputs.Add(OrtValue.CreateTensorValueFromMemory(Results[^2], [1, count, 1]));
                Outputs.Add(OrtValue.CreateTensorValueFromMemory(Results[^1], [1, count, 16]));
            }
        }

        public TriangleResampler Resampler { get; } = new();

        public float[] Pixels { get; }

        public OrtValue[] Inputs { get; }

        public List<float[]> Results { get; } = [];

        public List<OrtValue> Outputs { get; } = [];

        public void Dispose()
        {
            foreach (var value in Inputs.Concat(Outputs)) value.Dispose();
        }
    }
}
