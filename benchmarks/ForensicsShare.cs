using System.Diagnostics;
using System.Globalization;
using System.Text.Json;
using Deepfake.Contracts;
using Deepfake.ForensicsWorker.Calibration;
using Deepfake.ForensicsWorker.Consumers;
using Deepfake.ForensicsWorker.Signals;
using Deepfake.Infrastructure.Objects;
using Microsoft.Extensions.Logging.Abstractions;

namespace Deepfake.Benchmarks;

/// <summary>
/// What the forensic signals cost beside the models: processor seconds of reading the pack and taking every measurement, over those of every
/// model on the crops of the same film, by turns in one process.
/// </summary>
internal static class ForensicsShare
{
    private const int Rounds = 7, WarmUps = 2;
    private const double Target = 0.4;

    /// <summary>Measures some films and prints a line each, and the cost of each signal.</summary>
    /// <returns>0 where all of them keep to the target, 1 otherwise.</returns>
    public static async Task<int> RunAsync(IEnumerable<string> films)
    {
        var missed = false;
        foreach (var film in films.Select(Path.GetFullPath))
        {
            using var folder = new TemporaryDirectory();
            var message = await ExtractAsync(film, folder.Path);
            using var bare = await BareParts.PrepareAsync(film);
            var reader = new MaterialReader(new FolderObjectStore(folder.Path));
            var manifest = ForensicsManifest.Parse(await File.ReadAllBytesAsync(Path.Combine(AppContext.BaseDirectory, "models", "forensics.json")));
            var suite = new SignalSuite(SignalSuite.All, manifest, NullLogger<SignalSuite>.Instance);
            var signals = new List<double>();
            var models = new List<double>();
            var each = new Dictionary<string, List<double>>();
            for (var round = -WarmUps; round < Rounds; round++)
            {
                var began = ProcessMeter.CpuSeconds(Environment.ProcessId);
                var material = await reader.ReadAsync(message, CancellationToken.None);
                var measured = suite.MeasureEach(material, CancellationToken.None).ToList();
                var forensics = ProcessMeter.CpuSeconds(Environment.ProcessId) - began;
                var scored = bare.Score();
                if (round < 0) continue;
                signals.Add(forensics);
                models.Add(scored);
                foreach (var timed in measured) (each.TryGetValue(timed.Name, out var known) ? known : each[timed.Name] = []).Add(timed.Milliseconds);
            }

            var share = Median(signals) / Median(models);
            missed |= share > Target;
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"Forensics over models  {100 * share,5:0.0} %   target ≤ {100 * Target:0} %   {Path.GetFileName(film)}: {Median(signals):0.00} s against {Median(models):0.00} s CPU, medians of {Rounds}; frames {bare.Frames}, crops {bare.Crops}, models {bare.Models}"));
            Console.WriteLine("  ms: " + string.Join(", ", each.OrderByDescending(entry => Median(entry.Value)).Select(entry => string.Create(CultureInfo.InvariantCulture, $"{entry.Key} {Median(entry.Value):0.0}"))));
        }

        return missed ? 1 : 0;
    }

    /// <summary>Runs the frame stage of serving on a film; its objects lie in the folder.</summary>
    public static async Task<FramesExtracted> ExtractAsync(string film, string folder)
    {
        var list = Path.Combine(folder, "list.csv");
        await File.WriteAllTextAsync(list, $"path\n{film}\n");
        using var process = Process.Start(new ProcessStartInfo("dotnet", [Path.Combine(AppContext.BaseDirectory, "Deepfake.FrameService.dll"), "packs", "--list", list, "--out", folder]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{film} cannot be taken apart.");
        return JsonSerializer.Deserialize<ListedPack>(await File.ReadAllTextAsync(Path.Combine(folder, ListedPack.FileName)), DeepfakeJson.Options)!.Message;
    }

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
