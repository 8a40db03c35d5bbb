using Deepfake.ServiceDefaults;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace Deepfake.ForensicsWorker.Calibration;

/// <summary>Finds and reads <c>forensics.json</c>. A file that is missing or broken costs the measured calibration, never the service.</summary>
public static partial class ManifestFile
{
    /// <summary>Setting that names the file; by default <c>forensics.json</c> beside the models.</summary>
    public const string Setting = "Forensics:CalibrationFile";

    /// <summary>Where the file is expected.</summary>
    public static string Locate(IConfiguration configuration)
    {
        var file = configuration[Setting] is { Length: > 0 } named ? named : Path.Combine(ModelsFolder.Root(configuration), "forensics.json");
        return Path.Combine(AppContext.BaseDirectory, file);
    }

    /// <summary>Reads the file; the built-in calibrations with a warning where that is not possible.</summary>
    public static ForensicsManifest Load(string path, ILogger logger)
    {
        try
        {
            var manifest = ForensicsManifest.Parse(File.ReadAllBytes(path));
            Log.Loaded(logger, manifest.Version, manifest.Signals.Count);
            return manifest;
        }
        catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
        {
            Log.Refused(logger, e.Message);
            return ForensicsManifest.BuiltIn;
        }
    }

    private static partial class Log
    {
        [LoggerMessage(4003, LogLevel.Information, "Forensic calibration {Version} of {Signals} signals is in force")]
        public static partial void Loaded(ILogger logger, string version, int signals);

        [LoggerMessage(4004, LogLevel.Warning, "The forensic calibration was refused, signals use their built-in one and carry no accuracy: {Reason}")]
        public static partial void Refused(ILogger logger, string reason);
    }
}
