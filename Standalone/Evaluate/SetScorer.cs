using Deepfake.Standalone.Embedded;

namespace Deepfake.Standalone.Evaluate;

/// <summary>Has files judged by the embedded service, a few at once, with a count on standard error.</summary>
internal sealed class SetScorer(EmbeddedService service)
{
    private const int AtOnce = 2;

    /// <summary>Scores the files of a set as they are.</summary>
    /// <returns>One entry a file, in order; a failure is an entry too.</returns>
    public Task<IReadOnlyList<ScoredFile>> ScoreAsync(string directory, IReadOnlyList<EvaluationFile> files, CancellationToken cancellationToken) =>
        EachAsync("files", files, (file, stop) => ScoreAsync(file, Path.Combine(directory, file.Path), stop), cancellationToken);

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
