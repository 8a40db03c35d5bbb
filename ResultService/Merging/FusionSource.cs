using Deepfake.ResultService.Fusion;
using Deepfake.ServiceDefaults;
using Microsoft.Extensions.Options;

namespace Deepfake.ResultService.Merging;

/// <summary>Holds the fitted fusion and takes up a changed file. Thread-safe.</summary>
public sealed partial class FusionSource
{
    private readonly string _folder;
    private readonly string _path;
    private readonly ILogger<FusionSource> _logger;
    private readonly Lock _gate = new();
    private ((DateTime At, long Length)? Fit, (DateTime At, long Length)? Registry) _seen;
    private FusionManifest? _current;

    /// <summary>Reads the file for the first time; a missing one is no error, results then say <c>default_thresholds</c>.</summary>
    public FusionSource(IOptions<ResultOptions> options, IConfiguration configuration, ILogger<FusionSource> logger)
    {
        _folder = ModelsFolder.Of(configuration);
        var file = options.Value.FusionFile is { Length: > 0 } named ? named : Path.Combine(_folder, "fusion.json");
        _path = Path.Combine(AppContext.BaseDirectory, file);
        _logger = logger;
        if (Current is null) LogAbsent();
    }

    /// <summary>The fit in force; null without one.</summary>
    public FusionManifest? Current
    {
        get
        {
            lock (_gate)
            {
                var seen = (Fit: Stamp(_path), Registry: Stamp(Path.Combine(_folder, ModelsFolder.RegistryName)));
                if (seen == _seen) return _current;
                _seen = seen;
                if (seen.Fit is null) return _current = null;
                try
                {
                    _current = FusionManifest.Parse(File.ReadAllBytes(_path)) with { Disabled = ModelsFolder.Disabled(_folder) };
                    LogLoaded(_current.Version, _current.Models.Count);
                }
                catch (Exception e) when (e is InvalidDataException or IOException or UnauthorizedAccessException)
                {
                    LogRefused(e.Message);
                }

                return _current;
            }
        }
    }

    private static (DateTime At, long Length)? Stamp(string path) => new FileInfo(path) is { Exists: true } file ? (file.LastWriteTimeUtc, file.Length) : null;

    [LoggerMessage(5001, LogLevel.Information, "Fusion {Version} over {Models} models is in force.")]
    private partial void LogLoaded(string version, int models);

    [LoggerMessage(5002, LogLevel.Warning, "No fusion.json: models are averaged by their manifest weights, verdicts use default thresholds.")]
    private partial void LogAbsent();

    [LoggerMessage(5003, LogLevel.Error, "The fusion file was refused, the last good one stays: {Reason}")]
    private partial void LogRefused(string reason);
}
