using System.ComponentModel;
using Deepfake.Standalone.Embedded;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>Has files judged by the embedded service, a few at once, with a count on standard error.</summary>
internal sealed class SetScorer(EmbeddedService service)
{
    private const int AtOnce = 2;

    /// <summary>Scores the files of a set as they are.</summary>
    /// <returns>One entry a file, in order; a failure is an entry too.</returns>
    public Task<IReadOnlyList<ScoredFile>> ScoreAsync(string directory, IReadOnlyList<EvaluationFile> files, CancellationToken cancellationToken) =>
        EachAsync("files", files, (file, stop) => ScoreAsync(file, Path.Combine(directory, file.Path), stop), cancellationToken);

    /// <summary>Scores degraded copies of the files that have a score as they are; a copy exists only as long as its analysis takes.</summary>
    public async Task<Condition> ScoreDegradedAsync(string directory, IReadOnlyList<ScoredFile> clean, Degradation how, CancellationToken cancellationToken)
    {
        using var degrader = new MediaDegrader();
        var files = clean.Where(file => file.Probability is not null && file.Media is { } media && how.AppliesTo(media)).ToList();
        return new Condition(how.Name, await EachAsync($"files, {how.Name}", files, DegradedAsync, cancellationToken));

        async Task<ScoredFile> DegradedAsync(ScoredFile file, CancellationToken stop)
        {
            string copy;
            try
            {
                copy = await degrader.MakeAsync(Path.Combine(directory, file.File.Path), file.Media!, how, stop);
            }
            catch (Exception e) when (e is InvalidDataException or IOException or Win32Exception)
            {
                return new ScoredFile(file.File) { Error = $"not_degraded: {e.Message}" };
            }

            try
            {
                return await ScoreAsync(file.File, copy, stop);
            }
            finally
            {
                File.Delete(copy);
            }
        }
    }

    private static async Task<IReadOnlyList<ScoredFile>> EachAsync<T>(string what, IReadOnlyList<T> items, Func<T, CancellationToken, Task<ScoredFile>> score, CancellationToken cancellationToken)
    {
        var scored = new ScoredFile[items.Count];
        var done = 0;
        await Parallel.ForAsync(0, items.Count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken }, async (i, stop) =>
        {
            scored[i] = await score(items[i], stop);
            var count = Interlocked.Increment(ref done);
            if (!Console.IsErrorRedirected) await Console.Error.WriteAsync($"\r{count} of {items.Count} {what} ");
            else if (count % 500 == 0) await Console.Error.WriteLineAsync($"{count} of {items.Count} {what}");
        });
        if (!Console.IsErrorRedirected) await Console.Error.WriteLineAsync();
        return scored;
    }

    private async Task<ScoredFile> ScoreAsync(EvaluationFile file, string path, CancellationToken cancellationToken)
    {
        var (analysis, error) = await service.AnalyzeAsync(path, cancellationToken);
        var index = analysis is null ? null : await service.FindFacesAsync(analysis.Id, cancellationToken);
        if (analysis is not null) await service.DeleteAsync(analysis.Id, cancellationToken);
        return ScoredFile.From(file, analysis, index, error);
    }
}
