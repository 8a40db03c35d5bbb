using System.Text.Json;
using System.Text.RegularExpressions;
using Microsoft.Extensions.Configuration;

namespace Deepfake.ServiceDefaults;

/// <summary>Where models, their fusion and the calibration of the signals are: one answer for all services of a host.</summary>
public static partial class ModelsFolder
{
    /// <summary>The file with an operator's decisions.</summary>
    public const string RegistryName = "registry.json";

    /// <summary>Setting that names a profile: a folder inside the models folder with models and a fusion of its own, such as <c>fast</c>.</summary>
    public const string ProfileSetting = "Inference:Profile";

    /// <summary>
    /// The folder, absolute. <c>MODEL_PATH</c> counts from the current folder, as a person at a shell expects; else <c>Models:Path</c> from
    /// the folder of the program; else <c>models</c> there. What is empty is not set.
    /// </summary>
    public static string Root(IConfiguration configuration) => configuration["MODEL_PATH"] is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.GetFullPath(configuration["Models:Path"] is { Length: > 0 } named ? named : "models", AppContext.BaseDirectory);

    /// <summary>The folder of the models and the fusion in use, absolute: <see cref="Root"/>, or the folder of the profile inside it.</summary>
    /// <exception cref="InvalidOperationException">The profile is not a plain name.</exception>
    public static string Of(IConfiguration configuration)
    {
        if (configuration[ProfileSetting] is not { Length: > 0 } profile) return Root(configuration);
        return ProfilePattern().IsMatch(profile)
            ? Path.Combine(Root(configuration), profile)
            : throw new InvalidOperationException($"{ProfileSetting} is '{profile}': it must be the name of a folder inside the models folder, of a-z, 0-9 and '-'.");
    }

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

    [GeneratedRegex(@"^[a-z0-9-]{1,32}\z", RegexOptions.None, 1000)]
    private static partial Regex ProfilePattern();
}
