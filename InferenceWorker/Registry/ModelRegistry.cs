using System.Text.Json;
using System.Text.Json.Nodes;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Inference;
using Deepfake.InferenceWorker.Models;
using Deepfake.ServiceDefaults;

namespace Deepfake.InferenceWorker.Registry;

/// <summary>
/// Lists, adds, removes, switches and weighs models. The models folder is the truth: what is changed here is changed there, and every process
/// that reads the folder follows (see <see cref="ModelWatch"/>). What is added is loaded on trial before anything changes.
/// </summary>
public sealed class ModelRegistry(ScoringEngine engine, NetworkDownload download) : IDisposable
{
    private readonly SemaphoreSlim _one = new(1);

    /// <inheritdoc/>
    public void Dispose() => _one.Dispose();

    /// <summary>Every model folder with what became of it.</summary>
    public async Task<RegisteredModel.ModelList> ListAsync(CancellationToken cancellationToken)
    {
        var (settings, error) = RegistryFile.TryRead(engine.Folder);
        return new RegisteredModel.ModelList([.. (await EntriesAsync(settings, cancellationToken)).Select(entry => entry.Model)], error);
    }

    /// <summary>Adds a model from an address. Others may be changed while it is fetched.</summary>
    /// <exception cref="ModelRejectedException">It is not what it should be; nothing has changed.</exception>
    public Task<RegisteredModel> AddAsync(ModelAddition addition, CancellationToken cancellationToken)
    {
        if (addition.Manifest.ValueKind != JsonValueKind.Object) throw new ModelRejectedException("manifest must be an object");
        var manifest = JsonObject.Create(addition.Manifest)!;
        (manifest["sha256"], manifest["file"]) = (addition.Sha256, "model.onnx");
        manifest.Remove("variants"); // one file is fetched, and no other form of it
        return AddAsync(
            async staging =>
            {
                await File.WriteAllTextAsync(Path.Combine(staging, ModelFolder.ManifestName), manifest.ToJsonString(), cancellationToken);
                RefuseTaken(ModelFolder.ReadManifest(staging).Name); // before gigabytes are fetched for a manifest that is wrong
                await download.FetchAsync(addition.Url, addition.Sha256, Path.Combine(staging, "model.onnx"), cancellationToken);
            },
            addition.Weight,
            cancellationToken);
    }

    /// <summary>Adds a model from a folder on this machine: its manifest and its network in every form are copied, nothing else.</summary>
    /// <exception cref="ModelRejectedException">It is not what it should be; nothing has changed.</exception>
    public Task<RegisteredModel> AddFolderAsync(string folder, CancellationToken cancellationToken)
    {
        var manifest = ModelFolder.ReadManifest(folder);
        return AddAsync(
            staging =>
            {
                File.Copy(Path.Combine(folder, ModelFolder.ManifestName), Path.Combine(staging, ModelFolder.ManifestName));
                File.Copy(ModelFolder.VerifyFile(folder, manifest), Path.Combine(staging, manifest.File));
                foreach (var form in manifest.Variants.Select(variant => manifest.In(variant.Precision)).Where(form => form.File != manifest.File).DistinctBy(form => form.File))
                    File.Copy(ModelFolder.VerifyFile(folder, form), Path.Combine(staging, form.File));
                return Task.CompletedTask;
            },
            weight: null,
            cancellationToken);
    }

    /// <summary>Switches or weighs a model.</summary>
    /// <exception cref="UnknownModelException">There is none of that name.</exception>
    /// <exception cref="ModelRejectedException">The ensemble would not load; nothing has changed.</exception>
    public async Task<RegisteredModel> ChangeAsync(string name, ModelSettings change, CancellationToken cancellationToken)
    {
        CheckWeight(change.Weight);
        await _one.WaitAsync(cancellationToken);
        try
        {
            var before = RegistryFile.Read(engine.Folder);
            await FindAsync(name, before, cancellationToken);
            var setting = before.GetValueOrDefault(name) ?? new ModelSetting();
            setting = setting with { Enabled = change.Enabled ?? setting.Enabled, Weight = change.Weight ?? setting.Weight };
            var after = new Dictionary<string, ModelSetting>(before) { [name] = setting };
            await DecideAsync(before, after, cancellationToken);
            return (await FindAsync(name, after, cancellationToken)).Model;
        }
        finally
        {
            _one.Release();
        }
    }

    /// <summary>
    /// Removes a model with its files. Where the fit names it, it stays switched off in <c>registry.json</c>: results do not miss what an
    /// operator has taken away.
    /// </summary>
    /// <exception cref="UnknownModelException">There is none of that name.</exception>
    /// <exception cref="LastModelException">No other model scores.</exception>
    /// <exception cref="ModelRejectedException">It cannot be removed; nothing has changed.</exception>
    public async Task RemoveAsync(string name, CancellationToken cancellationToken)
    {
        await _one.WaitAsync(cancellationToken);
        try
        {
            var before = RegistryFile.Read(engine.Folder);
            var (folder, _) = await FindAsync(name, before, cancellationToken);
            if ((await engine.GetEnsembleAsync(cancellationToken)).Folders is { Count: 1 } scoring && scoring.Values.Contains(folder)) throw new LastModelException(name);
            if (ModelFolder.List(engine.Folder).Count(other => NameOf(other) == name) > 1) throw new ModelRejectedException($"several folders hold a model '{name}': remove one by hand");
            var after = new Dictionary<string, ModelSetting>(before);
            after.Remove(name);
            if (ModelsFolder.Fitted(engine.Folder)?.Contains(name) == true) after[name] = new ModelSetting(Enabled: false);
            var aside = Hidden("old");
            Writing(() => Directory.Move(folder, aside));
            try
            {
                await DecideAsync(before, after, cancellationToken);
            }
            catch
            {
                Directory.Move(aside, folder);
                throw;
            }

            Writing(() => Directory.Delete(aside, recursive: true));
        }
        finally
        {
            _one.Release();
        }
    }

    private async Task<RegisteredModel> AddAsync(Func<string, Task> fill, double? weight, CancellationToken cancellationToken)
    {
        CheckWeight(weight);
        var staging = Hidden("new");
        try
        {
            Writing(() => Directory.CreateDirectory(staging));
            await fill(staging);
            await _one.WaitAsync(cancellationToken);
            try
            {
                return await JoinAsync(staging, weight, cancellationToken);
            }
            finally
            {
                _one.Release();
            }
        }
        finally
        {
            if (Directory.Exists(staging)) Directory.Delete(staging, recursive: true);
        }
    }

    private async Task<RegisteredModel> JoinAsync(string staging, double? weight, CancellationToken cancellationToken)
    {
        var name = ModelFolder.ReadManifest(staging).Name;
        RefuseTaken(name);
        var before = RegistryFile.Read(engine.Folder);
        // What was decided about a former model of that name is not about this one.
        var after = new Dictionary<string, ModelSetting>(before);
        after.Remove(name);
        if (weight is not null) after[name] = new ModelSetting(Weight: weight);
        await Task.Run(() => engine.Try(staging), cancellationToken);
        var place = Path.Combine(engine.Folder, name);
        Writing(() => Directory.Move(staging, place));
        try
        {
            await DecideAsync(before, after, cancellationToken);
        }
        catch
        {
            Directory.Delete(place, recursive: true);
            throw;
        }

        return (await FindAsync(name, after, cancellationToken)).Model;
    }

    /// <summary>Puts decisions into force with whatever else has changed in the folder, or takes them back.</summary>
    private async Task DecideAsync(IReadOnlyDictionary<string, ModelSetting> before, Dictionary<string, ModelSetting> after, CancellationToken cancellationToken)
    {
        var isSame = before.Count == after.Count && before.All(entry => after.GetValueOrDefault(entry.Key) == entry.Value);
        if (!isSame) Writing(() => RegistryFile.Write(engine.Folder, after));
        try
        {
            await engine.ReloadAsync(cancellationToken);
        }
        catch
        {
            if (!isSame) RegistryFile.Write(engine.Folder, before);
            throw;
        }
    }

    private void RefuseTaken(string name)
    {
        if (Path.Exists(Path.Combine(engine.Folder, name)) || ModelFolder.List(engine.Folder).Any(folder => NameOf(folder) == name))
            throw new ModelRejectedException($"there is a model '{name}' already");
    }

    /// <summary>A folder beside the models, so that moving there is one rename; hidden, so that nobody loads it.</summary>
    private string Hidden(string kind) => Path.Combine(engine.Folder, $".{kind}-{Guid.NewGuid():N}");

    private static void CheckWeight(double? weight)
    {
        if (weight is not (null or (>= 0 and <= 1000))) throw new ModelRejectedException("weight must lie in [0, 1000]");
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

    /// <summary>A model by name; of several folders that bear it, the one that scores.</summary>
    private async Task<(string Folder, RegisteredModel Model)> FindAsync(string name, IReadOnlyDictionary<string, ModelSetting> settings, CancellationToken cancellationToken)
    {
        var named = (await EntriesAsync(settings, cancellationToken)).Where(entry => entry.Model.Name == name).OrderByDescending(entry => entry.Model.Loaded).ToList();
        return named.Count > 0 ? named[0] : throw new UnknownModelException(name);
    }

    private async Task<IReadOnlyList<(string Folder, RegisteredModel Model)>> EntriesAsync(IReadOnlyDictionary<string, ModelSetting> settings, CancellationToken cancellationToken)
    {
        var ensemble = await engine.GetEnsembleAsync(cancellationToken);
        var fitted = ModelsFolder.Fitted(engine.Folder);
        return [.. ModelFolder.List(engine.Folder).Select(folder => (Folder: folder, Model: Describe(folder, ensemble, settings, fitted))).OrderBy(entry => entry.Model.Name, StringComparer.Ordinal)];
    }

    private static RegisteredModel Describe(string folder, Ensemble ensemble, IReadOnlyDictionary<string, ModelSetting> settings, IReadOnlySet<string>? fitted)
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
        var provider = ensemble.Folders.GetValueOrDefault(name) == folder ? ensemble.ProviderOf(name) : null;
        return new RegisteredModel
        {
            Name = name,
            Version = manifest?.Version ?? "unknown",
            Architecture = manifest?.Architecture,
            Enabled = setting.Enabled,
            Loaded = provider is not null,
            Weight = setting.Weight ?? manifest?.Weight ?? 0,
            GivenWeight = setting.Weight,
            InFusion = fitted?.Contains(name),
            Provider = provider,
            Error = setting.Enabled && provider is null ? ensemble.Unavailable.FirstOrDefault(model => model.Folder == folder)?.Error ?? error ?? "not loaded yet" : null,
            Sha256 = manifest?.Sha256,
            Parameters = manifest?.Parameters,
            Licence = manifest?.Licence,
        };
    }
}
