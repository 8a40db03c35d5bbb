using System.Diagnostics;
using System.Runtime.InteropServices;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Logging;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Some rows of a pack in a batch.</summary>
internal readonly record struct BatchSlice(ScoringRequest Request, int Row, int Rows);

/// <summary>Runs the batches of one lane through every model and hands the scores back to their packs.</summary>
internal sealed partial class BatchRunner(IReadOnlyList<ModelSession> sessions, int maxBatch, ILogger logger)
{
    private readonly List<FacePixels> _faces = [];
    private readonly List<BatchSlice> _taken = [];
    private readonly float[] _scores = new float[maxBatch];
    private readonly byte[] _heat = new byte[maxBatch * sessions.Select(session => session.Cam?.Cells ?? 0).DefaultIfEmpty(0).Max()];

    /// <summary>The batch to run.</summary>
    public List<BatchSlice> Slices { get; } = [];

    /// <summary>Scores the batch. Throws nothing: what goes wrong ends in the packs.</summary>
    public void Run()
    {
        try
        {
            if (Slices.Count == 0) return;
            InferenceMetrics.Batched(Slices.Sum(slice => slice.Rows));
            for (var model = 0; model < sessions.Count; model++) RunModel(model, CollectionsMarshal.AsSpan(Slices));
            foreach (var slice in Slices) slice.Request.Advance(slice.Rows);
        }
        catch (Exception e)
        {
            foreach (var slice in Slices) slice.Request.Abort(e);
        }
    }

    private void RunModel(int model, ReadOnlySpan<BatchSlice> slices)
    {
        var error = TryScore(model, slices);
        if (error is null) return;
        if (slices.Length == 1)
        {
            InferenceMetrics.Failed(sessions[model]);
            Log.RunFailed(logger, sessions[model].Manifest.Name, error);
            slices[0].Request.Fail(model, "the model failed while running");
            return;
        }

        // Something in the batch broke the run: find out whose it is, so that others do not pay for it.
        for (var i = 0; i < slices.Length; i++) RunModel(model, slices.Slice(i, 1));
    }

    private Exception? TryScore(int model, ReadOnlySpan<BatchSlice> slices)
    {
        _faces.Clear();
        _taken.Clear();
        foreach (var slice in slices)
        {
            if (slice.Request.IsOver || slice.Request.Failed(model)) continue;
            _taken.Add(slice);
            for (var row = 0; row < slice.Rows; row++) _faces.Add(slice.Request.Pack.Face(slice.Row + row));
        }

        if (_faces.Count == 0) return null;
        var session = sessions[model];
        var began = Stopwatch.GetTimestamp();
        try
        {
            session.Score(_faces, _scores, _heat.AsSpan(0, _faces.Count * (session.Cam?.Cells ?? 0)));
        }
        catch (Exception e)
        {
            return e;
        }

        InferenceMetrics.Ran(session, _faces.Count, Stopwatch.GetElapsedTime(began));
        var at = 0;
        foreach (var slice in _taken)
        {
            slice.Request.SetScores(model, slice.Row, _scores.AsSpan(at, slice.Rows));
            if (session.Cam is { } cam) slice.Request.SetHeat(model, slice.Row, _heat.AsSpan(at * cam.Cells, slice.Rows * cam.Cells));
            at += slice.Rows;
        }

        return null;
    }

    private static partial class Log
    {
        [LoggerMessage(3021, LogLevel.Error, "Model {Model} failed on a pack")]
        public static partial void RunFailed(ILogger logger, string model, Exception exception);
    }
}
