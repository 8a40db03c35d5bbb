using System.Diagnostics;
using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>One pack on its way through the batcher. Lanes write disjoint rows of it.</summary>
internal sealed class ScoringRequest : IDisposable
{
    private readonly TaskCompletionSource<ScoredPack> _done = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly IReadOnlyList<ModelSession> _sessions;
    private readonly float[][] _scores;
    private readonly byte[]?[] _heat;
    private readonly string?[] _errors;
    private readonly CancellationTokenRegistration _cancellation;
    private int _scored;

    public ScoringRequest(FacePack pack, IReadOnlyList<ModelSession> sessions, CancellationToken cancellationToken)
    {
        Pack = pack;
        _sessions = sessions;
        _scores = [.. sessions.Select(_ => new float[pack.Crops.Count])];
        _heat = [.. sessions.Select(session => session.Cam is { } cam ? new byte[pack.Crops.Count * cam.Cells] : null)];
        _errors = new string?[sessions.Count];
        _cancellation = cancellationToken.Register(() => _done.TrySetCanceled(cancellationToken));
    }

    public FacePack Pack { get; }

    /// <summary>First row that no batch holds yet; under the batcher's lock.</summary>
    public int NextRow { get; set; }

    public long EnqueuedAt { get; } = Stopwatch.GetTimestamp();

    public Task<ScoredPack> Completion => _done.Task;

    /// <summary>Nobody waits any more.</summary>
    public bool IsOver => _done.Task.IsCompleted;

    public bool Failed(int model) => Volatile.Read(ref _errors[model]) is not null;

    public void Fail(int model, string error) => Interlocked.CompareExchange(ref _errors[model], error, null);

    public void SetScores(int model, int row, ReadOnlySpan<float> scores)
    {
        for (var i = 0; i < scores.Length; i++)
        {
            if (!float.IsFinite(scores[i]))
            {
                Fail(model, "the model gave a value that is not a number");
                return;
            }

            // Six decimals are more than any calibration can promise, and keep the message small.
            _scores[model][row + i] = MathF.Round(Math.Clamp(scores[i], 0, 1), 6);
        }
    }

    public void SetHeat(int model, int row, ReadOnlySpan<byte> heat) => heat.CopyTo(_heat[model].AsSpan(row * _sessions[model].Cam!.Cells));

    /// <summary>Counts rows as done by every model; the last ones complete the request.</summary>
    public void Advance(int rows)
    {
        if (Interlocked.Add(ref _scored, rows) == Pack.Crops.Count) Complete();
    }

    public void Complete() => _done.TrySetResult(new ScoredPack(
        [.. _sessions.Select((session, model) => new ModelScores
        {
            Name = session.Manifest.Name,
            Version = session.Manifest.Version,
            Weight = session.Manifest.Weight,
        WeightFactor = session.Manifest.WeightFactor,
        GivenWeight = session.Manifest.GivenWeight,
            Provider = session.Provider,
            Scores = _errors[model] is null ? _scores[model] : [],
            Error = _errors[model],
        })],
        [.. _sessions.SelectMany((session, model) => _errors[model] is null && _heat[model] is { Length: > 0 } cells
            ? new[] { new HeatMaps(session.Manifest.Name, session.Manifest.Input.Margin, session.Cam!.Height, session.Cam.Width, cells) }
            : [])]));

    public void Abort(Exception exception) => _done.TrySetException(exception);

    public void Dispose() => _cancellation.Dispose();
}

/// <summary>What the models say about a pack.</summary>
/// <param name="Models">One entry a model; one that failed has an error and no scores.</param>
/// <param name="HeatMaps">One entry a model that has heat maps and did not fail.</param>
public sealed record ScoredPack(IReadOnlyList<ModelScores> Models, IReadOnlyList<HeatMaps> HeatMaps);
