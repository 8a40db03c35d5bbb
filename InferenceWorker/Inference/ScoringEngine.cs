using Deepfake.Contracts;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Loads the ensemble in the background at start and scores packs with it.</summary>
public sealed partial class ScoringEngine(IOptions<InferenceOptions> inference, IOptions<ModelOptions> models, ILogger<ScoringEngine> logger) : BackgroundService
{
    private readonly TaskCompletionSource<(Ensemble Ensemble, CropBatcher Batcher)> _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether loading is over.</summary>
    public bool IsLoaded => _loaded.Task.IsCompletedSuccessfully;

    /// <summary>The ensemble, once loading is over.</summary>
    public async Task<Ensemble> GetEnsembleAsync(CancellationToken cancellationToken) => (await _loaded.Task.WaitAsync(cancellationToken)).Ensemble;

    /// <summary>Says that a pack is on its way; null while models are loading.</summary>
    public CropBatcher.Announcement? Announce() => IsLoaded ? _loaded.Task.Result.Batcher.Announce() : null;

    /// <summary>
    /// Scores a pack by every model; waits until loading is over. Models that are not available are in the answer with their error.
    /// </summary>
    public async Task<ScoredPack> ScoreAsync(FacePack pack, Lane lane, CropBatcher.Announcement? announcement, CancellationToken cancellationToken)
    {
        var (ensemble, batcher) = await _loaded.Task.WaitAsync(cancellationToken);
        var scored = await batcher.ScoreAsync(pack, lane, announcement, cancellationToken);
        var overTracks = ensemble.Sequences.Count == 0 ? [] : await Task.Run(() => ScoreTracks(ensemble, pack, cancellationToken), cancellationToken);
        return scored with
        {
            Models = [.. scored.Models, .. overTracks, .. ensemble.Unavailable.Select(model => new ModelScores
            {
                Name = model.Name,
                Version = model.Version,
                Weight = model.Weight,
                Provider = "none",
                Scores = [],
                Error = model.Error,
            })],
        };
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Reading, hashing and warming up take seconds: the host must not wait for them.
        try
        {
            _loaded.SetResult(await Task.Run(() => Load(stoppingToken), stoppingToken));
        }
        catch (Exception e)
        {
            _loaded.TrySetException(e);
            throw;
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        if (IsLoaded)
        {
            var (ensemble, batcher) = _loaded.Task.Result;
            foreach (var session in ensemble.Sessions) session.Terminate();
            foreach (var sequence in ensemble.Sequences) sequence.Terminate();
            batcher.Dispose();
            ensemble.Dispose();
        }

        base.Dispose();
    }

    private (Ensemble Ensemble, CropBatcher Batcher) Load(CancellationToken cancellationToken)
    {
        var options = inference.Value;
        var provider = ExecutionProviders.Choose(options, logger);
        var shape = Shape(options, provider);
        var path = Path.Combine(AppContext.BaseDirectory, models.Value.Path);
        var ensemble = Ensemble.Load(path, provider, shape, logger, cancellationToken);
        return (ensemble, new CropBatcher(ensemble.Sessions, shape, TimeSpan.FromMilliseconds(options.MaxWaitMilliseconds), logger));
    }

    private List<ModelScores> ScoreTracks(Ensemble ensemble, FacePack pack, CancellationToken cancellationToken)
    {
        var scored = new List<ModelScores>();
        foreach (var sequence in ensemble.Sequences)
        {
            float[] scores = [];
            string? error = null;
            try
            {
                scores = sequence.Score(pack, cancellationToken);
            }
            catch (InvalidDataException e)
            {
                error = e.Message;
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                Log.SequenceFailed(logger, sequence.Manifest.Name, e);
                error = "the model failed while running";
            }

            scored.Add(new ModelScores
            {
                Name = sequence.Manifest.Name,
                Version = sequence.Manifest.Version,
                Weight = sequence.Manifest.Weight,
                Provider = sequence.Provider,
                Scores = scores,
                Error = error,
            });
        }

        return scored;
    }

    private static RunShape Shape(InferenceOptions options, IExecutionProvider provider)
    {
        var threads = options.Threads > 0 ? options.Threads : Environment.ProcessorCount;
        var shape = provider.Shape(threads);
        if (options.MaxBatch > 0) shape = shape with { MaxBatch = options.MaxBatch };
        return options.ThreadsPerRun > 0 && provider is CpuExecutionProvider
            ? shape with { ThreadsPerRun = Math.Min(options.ThreadsPerRun, threads), Lanes = Math.Max(1, threads / options.ThreadsPerRun) }
            : shape;
    }

    private static partial class Log
    {
        [LoggerMessage(3022, LogLevel.Error, "Model {Model} failed on the tracks of a pack")]
        public static partial void SequenceFailed(ILogger logger, string model, Exception exception);
    }
}
