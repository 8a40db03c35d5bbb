using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// A network over face tracks, float32 [N, T, 3, S, S] (or [N, T, S, S, 3]). Of each track's crops in a pack, T are taken evenly over
/// time, with repeats where there are fewer; the track's score is given to every crop of it. A still repeats its one crop: such a
/// network has then seen no motion, and its scores for stills are worth what its card says of them.
/// </summary>
public sealed class SequenceSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly ScoreDecoder _decoder;
    private readonly CropPreprocessor _preprocessor;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;
    private readonly float[] _input;
    private readonly float[] _output;
    private readonly OrtValue[] _inputs;
    private readonly OrtValue[] _outputs;
    private readonly Lock _gate = new();
    private readonly string _asked;

    private SequenceSession(ModelManifest manifest, InferenceSession session, string asked)
    {
        _session = session;
        Manifest = manifest;
        _asked = asked;
        Length = manifest.Input.SequenceLength ?? throw new ModelRejectedException("model.json: input.sequence_length is missing");
        var signature = NetworkSignature.ReadSequence(session, manifest, Length);
        _inputNames = [signature.InputName];
        _outputNames = [signature.OutputName];
        _decoder = new ScoreDecoder(manifest.Output, signature.Columns);
        _preprocessor = new CropPreprocessor(manifest.Input);
        var size = manifest.Input.Size;
        _input = GC.AllocateArray<float>(Length * _preprocessor.Floats, pinned: true);
        _output = GC.AllocateArray<float>(signature.Columns, pinned: true);
        long[] shape = manifest.Input.Layout == TensorLayout.Nchw ? [1, Length, 3, size, size] : [1, Length, size, size, 3];
        _inputs = [OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _input.AsMemory(), shape)];
        _outputs = [OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, _output.AsMemory(), signature.OutputRank == 1 ? [1] : [1, signature.Columns])];
    }

    /// <summary>What was loaded.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>What it runs on, as its first run showed.</summary>
    public string Provider => (Placement?.Main ?? _asked) + (Manifest.Precision == Precision.Int8 ? " int8" : "");

    /// <summary>Where its nodes ran; null on the CPU, which leaves no choice.</summary>
    internal NodePlacement? Placement { get; private set; }

    /// <summary>Crops of one sequence.</summary>
    public int Length { get; }

    /// <summary>Loads a network, checks that it fits its manifest, and runs it once.</summary>
    /// <exception cref="ModelRejectedException">It cannot be loaded, does not fit, or fails on empty pictures.</exception>
    public static SequenceSession Load(ModelManifest manifest, string path, IExecutionProvider provider, RunShape shape)
    {
        InferenceSession? native = null;
        SequenceSession? session = null;
        try
        {
            using var options = SessionSettings.Create(provider, shape);
            native = new InferenceSession(path, options);
            session = new SequenceSession(manifest, native, provider.Name);
            session.Run();
            if (provider is not CpuExecutionProvider) session.Placement = NodePlacement.Read(native);
            return session;
        }
        catch (Exception e)
        {
            if (session is not null) session.Dispose();
            else native?.Dispose();
            if (e is ModelRejectedException) throw;
            throw new ModelRejectedException("the network cannot be loaded or run", e);
        }
    }

    /// <summary>Scores every track of a pack.</summary>
    /// <returns>One calibrated probability a crop, [0,1].</returns>
    /// <exception cref="InvalidDataException">The network gave a value that is not a number.</exception>
    /// <exception cref="OnnxRuntimeException">The network failed.</exception>
    public float[] Score(FacePack pack, CancellationToken cancellationToken)
    {
        var scores = new float[pack.Crops.Count];
        var tracks = Enumerable.Range(0, scores.Length).GroupBy(row => pack.Crops[row].TrackId);
        foreach (var track in tracks)
        {
            cancellationToken.ThrowIfCancellationRequested();
            int[] rows = [.. track.OrderBy(row => pack.Crops[row].Seconds)];
            var score = (float)Math.Round(Score(pack, rows), 6);
            foreach (var row in rows) scores[row] = score;
        }

        return scores;
    }

    /// <summary>Places of <paramref name="length"/> crops among <paramref name="count"/>, evenly, first and last included; repeats where there are fewer.</summary>
    public static int[] Spread(int count, int length) =>
        [.. Enumerable.Range(0, length).Select(at => length == 1 ? count / 2 : (int)Math.Round(at * (count - 1) / (double)(length - 1), MidpointRounding.AwayFromZero))];

    /// <summary>Ends a run that is under way; the session is of no further use.</summary>
    public void Terminate() => _run.Terminate = true;

    /// <summary>Frees the network; nobody may be scoring.</summary>
    public void Dispose()
    {
        _inputs[0].Dispose();
        _outputs[0].Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    private double Score(FacePack pack, int[] rows)
    {
        // One track at a time: the runtime's own threads are the parallel part.
        lock (_gate)
        {
            var at = 0;
            foreach (var place in Spread(rows.Length, Length))
                _preprocessor.Write(pack[rows[place]].Span, _input.AsSpan(at++ * _preprocessor.Floats, _preprocessor.Floats), []);
            Run();
            var probability = Manifest.Calibration.Probability(_decoder.Logit(_output, 0, 1));
            return double.IsFinite(probability) ? Math.Clamp(probability, 0, 1) : throw new InvalidDataException("the model gave a value that is not a number");
        }
    }

    private void Run() => _session.Run(_run, _inputNames, _inputs, _outputNames, _outputs);
}
