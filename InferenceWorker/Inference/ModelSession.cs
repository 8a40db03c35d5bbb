using System.Collections.Concurrent;
using Deepfake.InferenceWorker.Models;
using Deepfake.Infrastructure.Packs;
using Microsoft.ML.OnnxRuntime;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>
/// One network, loaded and warmed up. Threads share it: as many as there are lanes run side by side, each with buffers of its own; more
/// take turns.
/// </summary>
public sealed class ModelSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly RunOptions _run = new();
    private readonly ScoreDecoder _decoder;
    private readonly RunShape _shape;
    private readonly string _asked;
    private readonly int[] _buckets;
    private readonly BlockingCollection<RunBuffers> _free = [];
    private readonly RunBuffers[] _buffers;
    private readonly string[] _inputNames;
    private readonly string[] _outputNames;

    private ModelSession(ModelManifest manifest, InferenceSession session, IExecutionProvider provider, RunShape shape)
    {
        _session = session;
        _shape = shape;
        Manifest = manifest;
        _asked = provider.Name;
        var signature = NetworkSignature.Read(session, manifest);
        _inputNames = [signature.InputName];
        _outputNames = signature.Cam is { } cam ? [signature.OutputName, cam.Name] : [signature.OutputName];
        _decoder = new ScoreDecoder(manifest.Output, signature.Columns);
        Cam = signature.Cam;

        // All rows of a face go into one run.
        var most = FaceViews.MostRows(manifest.Input);
        if (signature.FixedBatch < most) throw new ModelRejectedException($"a face takes {most} rows, more than the network's fixed batch of {signature.FixedBatch}");
        _buckets = signature.FixedBatch is { } batch ? [batch] : BatchBuckets.UpTo(Math.Max(shape.MaxBatch, most));
        _buffers = [.. Enumerable.Range(0, shape.Lanes).Select(_ => new RunBuffers(manifest.Input, signature, _buckets))];
        foreach (var buffers in _buffers) _free.Add(buffers);
    }

    /// <summary>What was loaded.</summary>
    public ModelManifest Manifest { get; }

    /// <summary>What it runs on, as its first run showed: <c>cpu</c> or <c>cuda</c>, with <c> int8</c> where it computes in integers.</summary>
    public string Provider => (Placement?.Main ?? _asked) + (Manifest.Precision == Precision.Int8 ? " int8" : "");

    /// <summary>Where its nodes ran; null on the CPU, which leaves no choice.</summary>
    internal NodePlacement? Placement { get; private set; }

    /// <summary>Size of its heat maps; null if it has none.</summary>
    internal CamSignature? Cam { get; }

    /// <summary>Rows of the batches that it runs, ascending.</summary>
    public IReadOnlyList<int> Buckets => _buckets;

    /// <summary>Loads a network, checks that it fits its manifest, and runs every batch size once in every lane.</summary>
    /// <exception cref="ModelRejectedException">It cannot be loaded, does not fit, or fails on an empty picture.</exception>
    public static ModelSession Load(ModelManifest manifest, string path, IExecutionProvider provider, RunShape shape)
    {
        InferenceSession? native = null;
        ModelSession? session = null;
        try
        {
            using var options = SessionSettings.Create(provider, shape);
            native = new InferenceSession(path, options);
            session = new ModelSession(manifest, native, provider, shape);
            session.WarmUp(isProfiled: provider is not CpuExecutionProvider);
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

    /// <summary>Scores faces. The log-odds of a face's rows are averaged.</summary>
    /// <param name="faces">Faces of packs.</param>
    /// <param name="scores">
    /// Takes one calibrated probability of <em>manipulated</em> a face, [0,1]; NaN where the network gave no number.
    /// </param>
    /// <param name="heat">Takes the heat maps, as many bytes a face as they have cells; see <see cref="HeatMaps.ToLogOdds"/>. Empty for none.</param>
    /// <exception cref="OnnxRuntimeException">The network failed; no score is valid.</exception>
    /// <exception cref="InvalidDataException">A face lacks what the network looks at.</exception>
    public void Score(IReadOnlyList<FacePixels> faces, Span<float> scores, Span<byte> heat = default)
    {
        if (scores.Length < faces.Count) throw new ArgumentException($"{faces.Count} faces need as many scores.", nameof(scores));
        var buffers = _free.Take();
        try
        {
            var rows = new int[faces.Count];
            var pending = 0;
            for (var i = 0; i < rows.Length; i++) pending += rows[i] = buffers.View.Rows(faces[i]);
            for (var done = 0; done < rows.Length;)
            {
                var bucket = Bucket(pending, rows[done]);
                var (end, filled) = (done, 0);
                while (end < rows.Length && filled + rows[end] <= bucket)
                {
                    buffers.Write(faces[end], filled, rows[end]);
                    filled += rows[end++];
                }

                Run(buffers, bucket);
                for (var row = 0; done < end; row += rows[done++])
                {
                    scores[done] = (float)Manifest.Calibration.Probability(_decoder.Logit(buffers.Output, row, rows[done]));
                    if (Cam is { } cam && !heat.IsEmpty) WriteHeat(buffers, cam, row, rows[done], heat.Slice(done * cam.Cells, cam.Cells));
                }

                pending -= filled;
            }
        }
        finally
        {
            _free.Add(buffers);
        }
    }

    /// <summary>Ends runs that are under way with an exception; the session is of no further use.</summary>
    public void Terminate() => _run.Terminate = true;

    /// <summary>Frees the network; nobody may be scoring.</summary>
    public void Dispose()
    {
        foreach (var buffers in _buffers) buffers.Dispose();
        _free.Dispose();
        _run.Dispose();
        _session.Dispose();
    }

    /// <summary>The batch to run next, which holds at least the rows of the next face.</summary>
    private int Bucket(int pending, int next)
    {
        var chosen = BatchBuckets.Choose(pending, _buckets, _shape.Padding);
        return chosen >= next ? chosen : Array.Find(_buckets, bucket => bucket >= next);
    }

    /// <summary>Calibrated log-odds a cell; the mirrored view is turned back and averaged in.</summary>
    private void WriteHeat(RunBuffers buffers, CamSignature cam, int row, int views, Span<byte> heat)
    {
        var sign = Manifest.Output.FakeIndex == 1 ? 1 : -1;
        var first = row * cam.Cells;
        for (var cell = 0; cell < heat.Length; cell++)
        {
            double value = buffers.Cam[first + cell];
            if (views == 2) value = (value + buffers.Cam[first + cam.Cells + cell - cell % cam.Width + cam.Width - 1 - cell % cam.Width]) / 2;
            heat[cell] = HeatMaps.FromLogOdds(Manifest.Calibration.A * sign * value + Manifest.Calibration.B);
        }
    }

    private void WarmUp(bool isProfiled)
    {
        if (isProfiled)
        {
            Run(_buffers[0], _buckets[0]);
            Placement = NodePlacement.Read(_session);
        }

        // One lane after the other: what warms up are the memory plan of each batch size and the kernels.
        foreach (var buffers in _buffers)
            foreach (var bucket in _buckets)
                Run(buffers, bucket);
    }

    private void Run(RunBuffers buffers, int bucket)
    {
        var (inputs, outputs) = buffers.Bind(bucket);
        _session.Run(_run, _inputNames, inputs, _outputNames, outputs);
    }
}
