using Deepfake.Contracts;
using Deepfake.InferenceWorker.Models;
using Deepfake.InferenceWorker.Registry;
using Deepfake.Infrastructure.Packs;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>Loads the ensemble in the background at start and scores packs with it.</summary>
public sealed partial class ScoringEngine(IOptions<InferenceOptions> inference, IOptions<ModelOptions> models, RunWatch watch, ILogger<ScoringEngine> logger) : BackgroundService
{
    private readonly TaskCompletionSource _loaded = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly SemaphoreSlim _loading = new(1);
    private volatile Generation? _current;

    /// <summary>The models folder.</summary>
    public string Folder { get; } = Path.GetFullPath(Path.Combine(AppContext.BaseDirectory, models.Value.Path));

    /// <summary>What the folder looked like when the ensemble in service was loaded; see <see cref="RegistryFile.Stamp"/>.</summary>
    public string? Stamp { get; private set; }

    /// <summary>Why models run on the CPU although a GPU was to be had; null where all is as wished.</summary>
    public string? GpuMissing { get; private set; }

    /// <summary>Whether loading is over.</summary>
    public bool IsLoaded => _loaded.Task.IsCompletedSuccessfully;

    /// <summary>The ensemble in service, once loading is over. For looking at: it may be freed at any time after a reload.</summary>
    public async Task<Ensemble> GetEnsembleAsync(CancellationToken cancellationToken)
    {
        await _loaded.Task.WaitAsync(cancellationToken);
        return _current!.Ensemble;
    }

    /// <summary>Says that a pack is on its way; null while models are loading.</summary>
    public CropBatcher.Announcement? Announce() => _current?.Batcher.Announce();

    /// <summary>
    /// Scores a pack by every model; waits until loading is over. Models that are not available are in the answer with their error.
    /// </summary>
    public async Task<ScoredPack> ScoreAsync(FacePack pack, Lane lane, CropBatcher.Announcement? announcement, CancellationToken cancellationToken)
    {
        await _loaded.Task.WaitAsync(cancellationToken);
        var generation = Enter();
        try
        {
            var ensemble = generation.Ensemble;
            var scored = await generation.Batcher.ScoreAsync(pack, lane, announcement, cancellationToken);
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
        finally
        {
            generation.Leave();
        }
    }

    /// <summary>
    /// Loads the folder anew and puts the new ensemble into service; packs under way end with the old one.
    /// </summary>
    /// <exception cref="ModelRejectedException">A model that scores now would not load: the running ensemble goes on.</exception>
    public async Task ReloadAsync(CancellationToken cancellationToken)
    {
        await _loaded.Task.WaitAsync(cancellationToken);
        await _loading.WaitAsync(cancellationToken);
        try
        {
            var before = _current!;
            var (next, stamp) = await Task.Run(() => Load(cancellationToken), cancellationToken);
            if (Lost(before.Ensemble, next.Ensemble) is { } broken)
            {
                next.Retire();
                throw new ModelRejectedException($"model '{broken.Name}': {broken.Error}");
            }

            (_current, Stamp) = (next, stamp);
            before.Retire();
        }
        finally
        {
            _loading.Release();
        }
    }

    /// <summary>Loads one folder on trial and frees it.</summary>
    /// <exception cref="ModelRejectedException">It does not load, fit or run.</exception>
    public void Try(string folder)
    {
        var (provider, _) = ExecutionProviders.Choose(inference.Value, logger);
        Ensemble.LoadFolder(folder, provider, Shape(inference.Value, provider) with { Lanes = 1 }, logger).Dispose();
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        // Reading, hashing and warming up take seconds: the host must not wait for them.
        try
        {
            (_current, Stamp) = await Task.Run(() => Load(stoppingToken), stoppingToken);
            _loaded.SetResult();
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
        _current?.Dispose();
        _loading.Dispose();
        base.Dispose();
    }

    /// <summary>
    /// A model that scored, does not any more, and was neither removed nor switched off. By folder too: where the manifest cannot be read,
    /// nobody knows the name.
    /// </summary>
    private static UnavailableModel? Lost(Ensemble before, Ensemble next) =>
        next.Unavailable.FirstOrDefault(model => before.Folders.Any(loaded => (loaded.Key == model.Name || loaded.Value == model.Folder) && !next.Folders.ContainsKey(loaded.Key)));

    private Generation Enter()
    {
        while (true)
        {
            // A retired generation has a successor in place already.
            if (_current is { } generation && generation.TryEnter()) return generation;
        }
    }

    private (Generation Generation, string Stamp) Load(CancellationToken cancellationToken)
    {
        var options = inference.Value;
        (var provider, GpuMissing) = ExecutionProviders.Choose(options, logger);
        var shape = Shape(options, provider);
        var stamp = RegistryFile.Stamp(Folder); // before reading: what changes meanwhile is seen as a change
        var ensemble = Ensemble.Load(Folder, provider, shape, logger, cancellationToken);
        return (new Generation(ensemble, new CropBatcher(ensemble.Sessions, shape, TimeSpan.FromMilliseconds(options.MaxWaitMilliseconds), watch, logger)), stamp);
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
                using var run = watch.Run();
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
                WeightFactor = sequence.Manifest.WeightFactor,
                GivenWeight = sequence.Manifest.GivenWeight,
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
        shape = shape with { Precision = options.Precision };
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
