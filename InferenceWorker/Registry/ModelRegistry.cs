using System.Text.Json;
using System.Text.Json.Nodes;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;

namespace Deepfake.InferenceWorker.Registry;

/// <summary>
/// Lists, adds, switches and weighs models. The models folder is the truth: what is changed here is changed there, and every process
/// that reads the folder follows (see <see cref="ModelWatch"/>). What is added is loaded on trial before anything changes.
/// </summary>
public sealed class ModelRegistry(ScoringEngine engine, NetworkDownload download) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>Every model folder with what became of it.</summary>
    public async Task<IReadOnlyList<RegisteredModel>> ListAsync(CancellationToken cancellationToken)
    {
        var ensemble = await engine.GetEnsembleAsync(cancellationToken);
        var settings = RegistryFile.Read(engine.Folder);
        return [.. ModelFolder.List(engine.Folder).Select(folder => Describe(folder, ensemble, settings)).OrderBy(model => model.Name, StringComparer.Ordinal)];
    }

    /// <summary>Adds a model from an address.</summary>
    /// <exception cref="ModelRejectedException">It is not what it should be; nothing has changed.</exception>
    public Task<RegisteredModel> AddAsync(ModelAddition addition, CancellationToken cancellationToken)
    {
        if (addition.Manifest.ValueKind != JsonValueKind.Object) throw new ModelRejectedException("manifest must be an object");
        var manifest = JsonObject.Create(addition.Manifest)!;
        (manifest["sha256"], manifest["file"]) = (addition.Sha256, "model.onnx");
        return AddAsync(
            async staging =>
            {
                await File.WriteAllTextAsync(Path.Combine(staging, ModelFolder.ManifestName), manifest.ToJsonString(), cancellationToken);
                ModelFolder.ReadManifest(staging); // before gigabytes are fetched for a manifest that is wrong
                await download.FetchAsync(addition.Url, addition.Sha256, Path.Combine(staging, "model.onnx"), cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>Adds a model from a folder on this machine: its manifest and its network are copied, nothing else.</summary>
    /// <exception cref="ModelRejectedException">It is not what it should be; nothing has changed.</exception>
    public Task<RegisteredModel> AddFolderAsync(string folder, CancellationToken cancellationToken)
    {
        var manifest = ModelFolder.ReadManifest(folder);
        return AddAsync(
            staging =>
            {
                File.Copy(Path.Combine(folder, ModelFolder.ManifestName), Path.Combine(staging, ModelFolder.ManifestName));
                File.Copy(ModelFolder.VerifyFile(folder, manifest), Path.Combine(staging, manifest.File));
                return Task.CompletedTask;
            },
            cancellationToken);
    }

    /// <summary>Switches or weighs a model.</summary>
    /// <exception cref="UnknownModelException">There is none of that name.</exception>
    /// <exception cref="ModelRejectedException">The ensemble would not load; nothing has changed.</exception>
    public async Task<RegisteredModel> ChangeAsync(string name, ModelSettings change, CancellationToken cancellationToken)
    {
        if (change.Weight is { } weight && weight is not (>= 0 and <= 1000)) throw new ModelRejectedException("weight must lie in [0, 1000]");
        await _one.WaitAsync(cancellationToken);
        try
        {
            if ((await ListAsync(cancellationToken)).All(model => model.Name != name)) throw new UnknownModelException(name);
            var before = RegistryFile.Read(engine.Folder);
            var setting = before.GetValueOrDefault(name) ?? new ModelSetting();
            setting = setting with { Enabled = change.Enabled ?? setting.Enabled, Weight = change.Weight ?? setting.Weight };
            Writing(() => RegistryFile.Write(engine.Folder, new Dictionary<string, ModelSetting>(before) { [name] = setting }));
            try
            {
                await engine.ReloadAsync(cancellationToken);
            }
            catch
            {
                RegistryFile.Write(engine.Folder, before);
                throw;
            }

            return (await ListAsync(cancellationToken)).Single(model => model.Name == name);
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<RegisteredModel> AddAsync(Func<string, Task> fill, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        // Beside its later place, so that the last step is one rename; hidden, so that nobody loads it meanwhile.
        var staging = Path.Combine(engine.Folder, ".new-" + Guid.NewGuid().ToString("N"));
        try
        {
            Writing(() => Directory.CreateDirectory(staging));
            await fill(staging);
            var manifest = ModelFolder.ReadManifest(staging);
            if (ModelFolder.List(engine.Folder).Any(folder => Path.GetFileName(folder) == manifest.Name || NameOf(folder) == manifest.Name))
                throw new ModelRejectedException($"there is a model '{manifest.Name}' already");
            await Task.Run(() => engine.Try(staging), cancellationToken);
            var place = Path.Combine(engine.Folder, manifest.Name);
            Writing(() => Directory.Move(staging, place));
            try
            {
                await engine.ReloadAsync(cancellationToken);
            }
            catch
            {
                Directory.Delete(place, recursive: true);
                throw;
            }

            return (await ListAsync(cancellationToken)).Single(model => model.Name == manifest.Name);
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
            _one.Release();
        }
    }

    private static void Writing(Action write)
    {
        try
        {
            write();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new ModelRejectedException("the models folder cannot be written", e);
        }
    }

    private static string? NameOf(string folder)
    {
        try
        {
            return ModelFolder.ReadManifest(folder).Name;
        }
        catch (ModelRejectedException)
        {
            return null;
        }
    }

    private static RegisteredModel Describe(string folder, Ensemble ensemble, IReadOnlyDictionary<string, ModelSetting> settings)
    {
        ModelManifest? manifest = null;
        string? error = null;
        try
        {
            manifest = ModelFolder.ReadManifest(folder);
        }
        catch (ModelRejectedException e)
        {
            error = e.Message;
        }

        var name = manifest?.Name ?? Path.GetFileName(folder);
        var setting = settings.GetValueOrDefault(name) ?? new ModelSetting();
        var provider = ensemble.ProviderOf(name);
        return new RegisteredModel
        {
            Name = name,
            Version = manifest?.Version ?? "unknown",
            Architecture = manifest?.Architecture,
            Enabled = setting.Enabled,
            Loaded = provider is not null,
            Weight = setting.Weight ?? manifest?.Weight ?? 0,
            Provider = provider,
            Error = setting.Enabled && provider is null ? ensemble.Unavailable.FirstOrDefault(model => model.Name == name)?.Error ?? error ?? "not loaded yet" : null,
            Sha256 = manifest?.Sha256,
            Parameters = manifest?.Parameters,
            Licence = manifest?.Licence,
        };
    }
}
