using System.Text.Json;
using Deepfake.Contracts;

namespace Deepfake.ForensicsWorker.Calibration;

/// <summary>
/// <c>models/forensics.json</c>: what measuring found out about the signals. Written by <c>training/forensics</c>, read here;
/// snake_case; unknown fields and signals are ignored.
/// <code>
/// {
///   "version": "1.0.0",
///   "signals": {
///     "noise_residual": {
///       "weight": 0,
///       "curve": [ { "raw": 0.2, "score": 0 }, { "raw": 1.4, "score": 0.5 }, { "raw": 3, "score": 1 } ],
///       "range": { "low": 0, "high": 4.1 },
///       "auc": { "value": 0.58, "low": 0.51, "high": 0.66, "media": 812 },
///       "parameters": {}
///     }
///   }
/// }
/// </code>
/// </summary>
public sealed record ForensicsManifest
{
    private static readonly JsonSerializerOptions Json = new(DeepfakeJson.Options) { RespectNullableAnnotations = true };

    /// <summary>No measurements: every signal keeps its built-in calibration.</summary>
    public static ForensicsManifest BuiltIn { get; } = new() { Version = "built-in", Signals = new Dictionary<string, SignalCalibration>() };

    /// <summary>Version of the measurement, for the record.</summary>
    public required string Version { get; init; }

    /// <summary>Calibrations by signal.</summary>
    public required IReadOnlyDictionary<string, SignalCalibration> Signals { get; init; }

    /// <summary>Reads and checks a manifest.</summary>
    /// <exception cref="InvalidDataException">A field is missing or out of range; the message names it.</exception>
    public static ForensicsManifest Parse(ReadOnlySpan<byte> json)
    {
        ForensicsManifest manifest;
        try
        {
            manifest = JsonSerializer.Deserialize<ForensicsManifest>(json, Json) ?? throw new InvalidDataException("forensics.json is empty.");
        }
        catch (JsonException e)
        {
            throw new InvalidDataException("forensics.json cannot be read: " + e.Message, e);
        }

        if (manifest.Version.Length is 0 or > 64) throw new InvalidDataException("forensics.json: 'version' must have 1 to 64 characters.");
        foreach (var (name, calibration) in manifest.Signals)
        {
            var fault = calibration is null ? "it is null" : calibration.Fault();
            if (fault is not null) throw new InvalidDataException($"forensics.json: 'signals.{name}': {fault}.");
        }

        return manifest;
    }
}
