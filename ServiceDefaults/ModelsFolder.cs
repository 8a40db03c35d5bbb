using Microsoft.Extensions.Configuration;

namespace Deepfake.ServiceDefaults;

/// <summary>Where models, their fusion and the calibration of the signals are: one answer for all services of a host.</summary>
public static class ModelsFolder
{
    /// <summary>
    /// The folder, absolute. <c>MODEL_PATH</c> counts from the current folder, as a person at a shell expects; else <c>Models:Path</c> from
    /// the folder of the program; else <c>models</c> there. What is empty is not set.
    /// </summary>
    public static string Of(IConfiguration configuration) => configuration["MODEL_PATH"] is { Length: > 0 } path
        ? Path.GetFullPath(path)
        : Path.GetFullPath(configuration["Models:Path"] is { Length: > 0 } named ? named : "models", AppContext.BaseDirectory);
}
