using System.Text.Json;
using System.Text.RegularExpressions;
using Deepfake.Contracts;
using Deepfake.Standalone.Embedded;

namespace Deepfake.Standalone.Evaluate;

/// <summary>
/// <c>evaluate DIR</c>: scores <c>DIR/real/**</c> and <c>DIR/fake/**</c> with the product itself and says how far to trust it on such
/// media.
/// </summary>
internal static class EvaluateCommand
{
    public const string Usage = """
        usage: evaluate [--out DIR] [--group-by REGEX] [--rounds N] DIR
          DIR         holds real/ and fake/; images, animations and videos at any depth below.
          --out       where evaluation.json, .md, .csv and the pictures go (default: evaluation). Files of an earlier run are replaced.
          --group-by  matched against each path (real/…, fake/…); files with the same first group are one medium: frames of one video.
          --rounds    rounds of resampling for the intervals (default 1000).
        """;

    private const int AtOnce = 2;

    private static readonly JsonSerializerOptions Json = new(DeepfakeJson.Options) { WriteIndented = true };

    public static async Task<int> RunAsync(string[] arguments)
    {
        if (!TryRead(arguments, out var directory, out var output, out var groupBy, out var rounds))
        {
            await Console.Error.WriteLineAsync(Usage);
            return 2;
        }

        using var stop = new CancellationTokenSource();
        Console.CancelKeyPress += (_, e) =>
        {
            e.Cancel = true;
            stop.Cancel();
        };
        try
        {
            var files = EvaluationSet.List(directory, groupBy);
            var scored = await ScoreAsync(files, directory, stop.Token);
            var report = EvaluationReport.Of(scored, groupBy is not null, rounds, TimeProvider.System.GetUtcNow());
            var text = ReportText.Markdown(report);
            await WriteAsync(output, report, scored, text, stop.Token);
            Console.Write(text);
            await Console.Error.WriteLineAsync($"written to {Path.GetFullPath(output)}");
            return report.Failed == 0 ? 0 : 1;
        }
        catch (DirectoryNotFoundException e)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 2;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return 130;
        }
    }

    private static bool TryRead(string[] arguments, out string directory, out string output, out Regex? groupBy, out int rounds)
    {
        (directory, output, groupBy, rounds) = ("", "evaluation", null, 1000);
        for (var i = 0; i < arguments.Length; i++)
        {
            var value = i + 1 < arguments.Length ? arguments[i + 1] : null;
            switch (arguments[i])
            {
                case "--out" when value is not null:
                    output = value;
                    i++;
                    break;
                case "--group-by" when value is not null && TryPattern(value, out groupBy):
                    i++;
                    break;
                case "--rounds" when int.TryParse(value, out rounds) && rounds is >= 0 and <= 100_000:
                    i++;
                    break;
                case var name when !name.StartsWith("--", StringComparison.Ordinal) && directory.Length == 0:
                    directory = name;
                    break;
                default:
                    return false;
            }
        }

        return directory.Length > 0;
    }

    private static bool TryPattern(string pattern, out Regex? regex)
    {
        try
        {
            regex = new Regex(pattern, RegexOptions.None, TimeSpan.FromSeconds(1));
            return true;
        }
        catch (ArgumentException)
        {
            regex = null;
            return false;
        }
    }

    private static async Task<IReadOnlyList<ScoredFile>> ScoreAsync(IReadOnlyList<EvaluationFile> files, string directory, CancellationToken cancellationToken)
    {
        await using var service = await EmbeddedService.StartAsync(cancellationToken);
        var scored = new ScoredFile[files.Count];
        var done = 0;
        await Parallel.ForAsync(0, files.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (i, stop) =>
        {
            var (analysis, error) = await service.AnalyzeAsync(Path.Combine(directory, files[i].Path), stop);
            scored[i] = ScoredFile.From(files[i], analysis, error);
            if (analysis is not null) await service.DeleteAsync(analysis.Id, stop);
            var count = Interlocked.Increment(ref done);
            if (!Console.IsErrorRedirected) await Console.Error.WriteAsync($"\r{count} of {files.Count} files ");
            else if (count % 500 == 0) await Console.Error.WriteLineAsync($"{count} of {files.Count} files");
        });
        if (!Console.IsErrorRedirected) await Console.Error.WriteLineAsync();
        return scored;
    }

    private static async Task WriteAsync(string output, EvaluationReport report, IReadOnlyList<ScoredFile> scored, string text, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(output);
        await File.WriteAllTextAsync(Path.Combine(output, "evaluation.json"), JsonSerializer.Serialize(report, Json) + "\n", cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(output, "evaluation.md"), text, cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(output, "evaluation.csv"), ReportText.Csv(scored), cancellationToken);
        await File.WriteAllTextAsync(Path.Combine(output, "roc.svg"), Plots.Roc(EvaluationReport.Curve(scored), report.Rankings[0].Auc), cancellationToken);
        if (report.Reliability is { } reliability) await File.WriteAllTextAsync(Path.Combine(output, "reliability.svg"), Plots.Calibration(reliability), cancellationToken);
    }
}
