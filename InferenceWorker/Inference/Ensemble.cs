using System.Diagnostics;
using Deepfake.InferenceWorker.Models;
using Deepfake.InferenceWorker.Registry;
using Microsoft.Extensions.Logging;

namespace Deepfake.InferenceWorker.Inference;

/// <summary>A model that lies in the models folder but gives no scores.</summary>
/// <param name="Name">From its manifest, or of its folder.</param>
/// <param name="Version">From its manifest; <c>unknown</c> without one.</param>
/// <param name="Weight">From its manifest; 0 without one.</param>
/// <param name="Error">Why, in one plain sentence.</param>
/// <param name="Folder">Where it lies.</param>
public sealed record UnavailableModel(string Name, string Version, double Weight, string Error, string Folder);

/// <summary>The models that score, and those that should but cannot.</summary>
/// <param name="Sessions">Loaded models, by name.</param>
/// <param name="Unavailable">The others, by name.</param>
public sealed partial record Ensemble(IReadOnlyList<ModelSession> Sessions, IReadOnlyList<UnavailableModel> Unavailable) : IDisposable
{
    /// <summary>Loaded models over face tracks, by name; not among <see cref="Sessions"/>.</summary>
    public IReadOnlyList<SequenceSession> Sequences { get; init; } = [];

    /// <summary>Folders of the loaded models, by name.</summary>
    public IReadOnlyDictionary<string, string> Folders { get; init; } = new Dictionary<string, string>();

    /// <summary>What the loaded models run on, each once.</summary>
    public IReadOnlyList<string> Providers => [.. Sessions.Select(session => session.Provider).Concat(Sequences.Select(sequence => sequence.Provider)).Distinct().Order()];

    /// <summary>
    /// Loads every folder below a path. A folder that cannot be loaded is logged and listed as unavailable; nothing it holds can stop the
    /// others.
    /// </summary>
    public static Ensemble Load(string path, IExecutionProvider provider, RunShape shape, ILogger logger, CancellationToken cancellationToken)
    {
        var sessions = new List<ModelSession>();
        var sequences = new List<SequenceSession>();
        var unavailable = new List<UnavailableModel>();
        var folders = new Dictionary<string, string>();
        var (settings, trouble) = RegistryFile.TryRead(path);
        if (trouble is not null) Log.RegistryIgnored(logger, trouble);
        foreach (var folder in ModelFolder.List(path))
        {
            ModelManifest? manifest = null;
            try
            {
                cancellationToken.ThrowIfCancellationRequested();
                manifest = ModelFolder.ReadManifest(folder);
                var setting = settings.GetValueOrDefault(manifest.Name) ?? new ModelSetting();
                if (!setting.Enabled) continue;
                if (setting.Weight is { } weight) manifest = manifest with { Weight = weight, GivenWeight = weight, WeightFactor = manifest.Weight > 0 ? weight / manifest.Weight : weight };
                if (folders.ContainsKey(manifest.Name)) throw new ModelRejectedException("another model has the same name");
                var began = Stopwatch.GetTimestamp();
                var loaded = LoadFolder(folder, manifest, provider, shape, logger);
                if (loaded is SequenceSession sequence) sequences.Add(sequence);
                else sessions.Add((ModelSession)loaded);
                folders[manifest.Name] = folder;
                var (ran, placement) = loaded is ModelSession model ? (model.Provider, model.Placement) : (sequences[^1].Provider, sequences[^1].Placement);
                Log.Loaded(logger, manifest.Name, manifest.Version, ran, Stopwatch.GetElapsedTime(began).TotalSeconds);
                if (placement is { Nodes.Count: > 1 }) Log.Mixed(logger, manifest.Name, placement);
            }
            catch (Exception e) when (e is not OperationCanceledException)
            {
                var error = e is ModelRejectedException ? e.Message : "the model cannot be loaded";
                var name = manifest?.Name ?? Path.GetFileName(folder);
                Log.Rejected(logger, name, error, e.InnerException ?? (e is ModelRejectedException ? null : e));
                unavailable.Add(new UnavailableModel(name, manifest?.Version ?? "unknown", manifest?.Weight ?? 0, error, folder));
            }
            catch
            {
                foreach (var session in sessions) session.Dispose();
                foreach (var sequence in sequences) sequence.Dispose();
                throw;
            }
        }

        if (sessions.Count + sequences.Count == 0) Log.Empty(logger, path);
        return new Ensemble(sessions, unavailable) { Sequences = sequences, Folders = folders };
    }

    /// <summary>Loads the network of one folder.</summary>
    /// <exception cref="ModelRejectedException">It does not load, fit or run.</exception>
    public static IDisposable LoadFolder(string folder, IExecutionProvider provider, RunShape shape, ILogger logger) =>
        LoadFolder(folder, ModelFolder.ReadManifest(folder), provider, shape, logger);

    /// <summary>What a loaded model runs on; null when none of that name is loaded.</summary>
    public string? ProviderOf(string name) =>
        Sessions.FirstOrDefault(session => session.Manifest.Name == name)?.Provider ?? Sequences.FirstOrDefault(sequence => sequence.Manifest.Name == name)?.Provider;

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var session in Sessions) session.Dispose();
        foreach (var sequence in Sequences) sequence.Dispose();
    }

    private static IDisposable LoadFolder(string folder, ModelManifest manifest, IExecutionProvider provider, RunShape shape, ILogger logger)
    {
        if (provider is CpuExecutionProvider) manifest = manifest.In(shape.Precision);
        var file = ModelFolder.VerifyFile(folder, manifest);
        return manifest.Kind == ModelKind.Sequence
            ? LoadWithFallback(manifest, provider, shape, logger, (on, how) => SequenceSession.Load(manifest, file, on, how))
            : LoadWithFallback(manifest, provider, shape, logger, (on, how) => ModelSession.Load(manifest, file, on, how));
    }

    private static T LoadWithFallback<T>(ModelManifest manifest, IExecutionProvider provider, RunShape shape, ILogger logger, Func<IExecutionProvider, RunShape, T> load)
    {
        try
        {
            return load(provider, shape);
        }
        catch (ModelRejectedException e) when (provider is not CpuExecutionProvider && e.InnerException is not null)
        {
            // Out of GPU memory, an operator the GPU lacks: the CPU may still do it.
            Log.FellBack(logger, manifest.Name, provider.Name, e.InnerException);
            return load(new CpuExecutionProvider(), shape with { MaxBatch = Math.Min(shape.MaxBatch, 8) });
        }
    }

    private static partial class Log
    {
        [LoggerMessage(3011, LogLevel.Information, "Model {Model} {Version} is loaded on {Provider} ({Seconds:F2} s)")]
        public static partial void Loaded(ILogger logger, string model, string version, string provider, double seconds);

        [LoggerMessage(3012, LogLevel.Error, "Model {Model} is not available: {Error}")]
        public static partial void Rejected(ILogger logger, string model, string error, Exception? exception);

        [LoggerMessage(3013, LogLevel.Warning, "Model {Model} does not run on {Provider}; it runs on the CPU")]
        public static partial void FellBack(ILogger logger, string model, string provider, Exception exception);

        [LoggerMessage(3016, LogLevel.Information, "Model {Model} runs in parts: {Placement}")]
        public static partial void Mixed(ILogger logger, string model, NodePlacement placement);

        [LoggerMessage(3015, LogLevel.Error, "The decisions about models are ignored: {Error}")]
        public static partial void RegistryIgnored(ILogger logger, string error);

        [LoggerMessage(3014, LogLevel.Warning, "No model is available in {Path}: results will be inconclusive")]
        public static partial void Empty(ILogger logger, string path);
    }
}
