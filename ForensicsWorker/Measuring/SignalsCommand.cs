using System.Diagnostics;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Consumers;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.ForensicsWorker.Measuring;

/// <summary>
/// <c>signals --packs DIR --out FILE</c>: every signal of every medium that <c>Deepfake.FrameService packs</c> has taken apart, one row a
/// medium and signal, for measuring the signals themselves. The folder between the two commands is an object store and the messages that
/// serving would send, so that what is measured is what serves.
/// </summary>
internal static class SignalsCommand
{
    /// <summary>Usage.</summary>
    public const string Usage = """
        Usage: Deepfake.ForensicsWorker signals --packs DIR --out FILE [--calibration FILE]
          --packs        Folder written by "Deepfake.FrameService packs".
          --out          Rows, one JSON object a line: path, signal, applicable, raw, score, milliseconds, reason, values, features, places.
          --calibration  forensics.json to score with (default: the built-in calibrations).
        """;

    /// <summary>Runs the command line.</summary>
    /// <returns>0, 1 when some packs could not be read, 2 for a wrong command line.</returns>
    public static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        var named = new Dictionary<string, string>(StringComparer.Ordinal);
        for (var i = 0; i + 1 < arguments.Length; i += 2) named[arguments[i]] = arguments[i + 1];
        if (arguments.Length % 2 != 0 || !named.TryGetValue("--packs", out var packs) || !named.TryGetValue("--out", out var output)
            || named.Keys.Except(["--packs", "--out", "--calibration"]).Any())
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        var manifest = named.TryGetValue("--calibration", out var file) ? ForensicsManifest.Parse(await File.ReadAllBytesAsync(file, cancellationToken)) : ForensicsManifest.BuiltIn;
        var suite = new SignalSuite(SignalSuite.All, manifest, NullLogger<SignalSuite>.Instance);
        var reader = new MaterialReader(new FolderObjectStore(packs));
        var watch = Stopwatch.StartNew();
        int done = 0, failed = 0;
        await using var rows = new StreamWriter(output);
        await foreach (var line in File.ReadLinesAsync(Path.Combine(packs, ListedPack.FileName), cancellationToken))
        {
            var pack = JsonSerializer.Deserialize<ListedPack>(line, DeepfakeJson.Options)!;
            try
            {
                var material = await reader.ReadAsync(pack.Message, cancellationToken);
                foreach (var timed in suite.MeasureEach(material, cancellationToken)) await rows.WriteLineAsync(Row(pack.Path, timed));
                done++;
            }
            catch (Exception e) when (e is InvalidDataException or IOException)
            {
                failed++;
                await Console.Error.WriteLineAsync($"{pack.Path}: {e.Message}");
            }
        }

        await Console.Error.WriteLineAsync($"{done} media, {failed} unreadable, {watch.Elapsed.TotalSeconds:0.0} s");
        return failed == 0 ? 0 : 1;
    }

    private static string Row(string path, TimedMeasurement timed) => JsonSerializer.Serialize(
        new
        {
            path,
            signal = timed.Name,
            applicable = timed.Measurement.Score is not null,
            raw = timed.Measurement.Raw,
            score = timed.Measurement.Score,
            milliseconds = Math.Round(timed.Milliseconds, 3),
            reason = timed.Measurement.Reason,
            values = timed.Measurement.Values,
            features = timed.Measurement.Features,
            places = timed.Measurement.Places,
        },
        DeepfakeJson.Options);
}
