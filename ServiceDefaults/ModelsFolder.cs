using System.Text.Json;
using Microsoft.Extensions.Configuration;

namespace Deepfake.ServiceDefaults;

/// <summary>Where models, their fusion and the calibration of the signals are: one answer for all services of a host.</summary>
public static class ModelsFolder
{
    /// <summary>The file with an operator's decisions.</summary>
    public const string RegistryName = "registry.json";

    /// <summary>
    /// The folder, absolute. <c>MODEL_PATH</c> counts from the current folder, as a person at a shell expects; else <c>Models:Path</c> from
    /// the folder of the program; else <c>models</c> there. What is empty is not set.
    /// </summary>
    public static string Of(IConfiguration configuration) => configuration["MODEL_PATH"] is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.GetFullPath(configuration["Models:Path"] is { Length: > 0 } named ? named : "models", AppContext.BaseDirectory);

    /// <summary>Names of the models that the fit in the folder (<c>fusion.json</c>) knows; null where there is none, or none that can be read.</summary>
    public static IReadOnlySet<string>? Fitted(string folder)
    {
        try
        {
            using var fusion = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, "fusion.json")));
            return fusion.RootElement.GetProperty("models").EnumerateObject().Select(model => model.Name).ToHashSet();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException or KeyNotFoundException)
        {
            return null;
        }
    }

    /// <summary>Names of the models that an operator has switched off, by <c>registry.json</c> in the folder; none where it cannot be read.</summary>
    public static IReadOnlySet<string> Disabled(string folder)
    {
        try
        {
            using var registry = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(folder, RegistryName)));
            return registry.RootElement.EnumerateObject().Where(model => model.Value.TryGetProperty("enabled", out var enabled) && enabled.ValueKind == JsonValueKind.False).Select(model => model.Name).ToHashSet();
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException or InvalidOperationException)
        {
            return new HashSet<string>(); // no file, or one that the workers complain about and ignore
        }
    }
}
