using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.InferenceWorker.Models;

namespace Deepfake.InferenceWorker.Registry;

/// <summary>What an operator decided about one model.</summary>
/// <param name="Enabled">Whether it takes part.</param>
/// <param name="Weight">Weight instead of the manifest's, ≥ 0; null for that one.</param>
public sealed record ModelSetting(bool Enabled = true, double? Weight = null);

/// <summary><c>registry.json</c> in the models folder: decisions by model name. Models without an entry take part as their manifest says.</summary>
public static class RegistryFile
{
    /// <summary>Name of the file.</summary>
    public const string Name = "registry.json";

    /// <summary>The decisions; none without a file.</summary>
    /// <exception cref="ModelRejectedException">The file is no registry.</exception>
    public static IReadOnlyDictionary<string, ModelSetting> Read(string folder)
    {
        var path = Path.Combine(folder, Name);
        if (!File.Exists(path)) return new Dictionary<string, ModelSetting>();
        try
        {
            var settings = JsonSerializer.Deserialize<Dictionary<string, ModelSetting>>(File.ReadAllBytes(path), DeepfakeJson.Options) ?? [];
            return settings.All(entry => entry.Value is not null && entry.Value.Weight is null or (>= 0 and <= 1000))
                ? settings
                : throw new ModelRejectedException("registry.json: weight must lie in [0, 1000]");
        }
        catch (Exception e) when (e is JsonException or IOException or UnauthorizedAccessException)
        {
            throw new ModelRejectedException("registry.json cannot be read", e);
        }
    }

    /// <summary>The decisions, or none and the reason where the file is no registry: better all models than none because of a file about them.</summary>
    public static (IReadOnlyDictionary<string, ModelSetting> Settings, string? Error) TryRead(string folder)
    {
        try
        {
            return (Read(folder), null);
        }
        catch (ModelRejectedException e)
        {
            return (new Dictionary<string, ModelSetting>(), e.Message);
        }
    }

    /// <summary>Replaces the decisions in one step: who reads meanwhile sees the old ones or the new ones.</summary>
    public static void Write(string folder, IReadOnlyDictionary<string, ModelSetting> settings)
    {
        var path = Path.Combine(folder, Name);
        File.WriteAllBytes(path + ".new", JsonSerializer.SerializeToUtf8Bytes(settings, DeepfakeJson.Options));
        File.Move(path + ".new", path, overwrite: true);
    }

    /// <summary>
    /// Changes with everything that a reload would see: the registry, and what is in the folders of models, by name, length and time. A
    /// copy that is still under way may bring the manifest before the network.
    /// </summary>
    public static string Stamp(string folder) => string.Join('\n', ModelFolder.List(folder)
        .SelectMany(model => Directory.EnumerateFiles(model).Order(StringComparer.Ordinal))
        .Append(Path.Combine(folder, Name)).Select(path => new FileInfo(path)).Where(file => file.Exists)
        .Select(file => $"{file.FullName} {file.Length} {file.LastWriteTimeUtc.Ticks}"));
}
