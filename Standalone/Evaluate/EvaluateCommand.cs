using Deepfake.Standalone.Embedded;
using Deepfake.Standalone.Evaluate.Robustness;

namespace Deepfake.Standalone.Evaluate;

/// <summary>
/// <c>evaluate DIR</c>: scores <c>DIR/real/**</c> and <c>DIR/fake/**</c> with the product itself and says how far to trust it on such
/// media.
/// </summary>
internal static class EvaluateCommand
{
    /// <summary>Runs it.</summary>
    /// <returns>0: all scored; 1: some of it could not be; 2: nothing was tried; 130: interrupted.</returns>
    public static async Task<int> RunAsync(string[] arguments)
    {
        if (EvaluateOptions.Read(arguments) is not { } options)
        {
            await Console.Error.WriteLineAsync(EvaluateOptions.Usage);
            return 2;
        }

        using var stop = new Interrupt();
        try
        {
            var set = EvaluationSet.List(options.Directory, options.GroupBy, options.ClusterBy);
            OutputFolder.Prepare(options.Output);
            foreach (var (folder, reason) in set.Unread) await Console.Error.WriteLineAsync(PlainText.Of($"not read: {folder}: {reason}"));
            var (scored, conditions, run) = await ScoreAsync(set, options, stop.Token);
            var report = EvaluationReport.Of(set, scored, conditions, run, stop.Token);
            var isWhole = report.Failures.Count == 0 && set.Unread.Count == 0;
            return Publish(options.Output, report, scored, conditions) && isWhole ? 0 : 1;
        }
        catch (EvaluationRefusedException e)
        {
            await Console.Error.WriteLineAsync(PlainText.Of(e.Message));
            return 2;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return 130;
        }
    }

    private static async Task<(IReadOnlyList<ScoredFile> Scored, IReadOnlyList<Condition> Conditions, EvaluationRun Run)> ScoreAsync(
        EvaluationSet set, EvaluateOptions options, CancellationToken cancellationToken)
    {
        await using var service = await EmbeddedService.StartAsync(cancellationToken);
        var scorer = new SetScorer(service);
        var scored = await scorer.ScoreAsync(options.Directory, set.Files, cancellationToken);
        List<Condition> conditions = [];
        foreach (var how in options.Degradations) conditions.Add(await scorer.ScoreDegradedAsync(options.Directory, scored, how, cancellationToken));
        return (scored, conditions, new EvaluationRun
        {
            CreatedAt = TimeProvider.System.GetUtcNow(),
            FusionVersion = service.FusionVersion,
            Directory = options.Directory,
            GroupBy = options.GroupBy?.ToString(),
            ClusterBy = options.ClusterBy?.ToString(),
            Rounds = options.Rounds,
            Protocol = options.Protocol,
            Degrade = [.. options.Degradations.Select(how => how.Name)],
        });
    }

    // Printed first: what took hours is not lost with a full disk.
    private static bool Publish(string output, EvaluationReport report, IReadOnlyList<ScoredFile> scored, IReadOnlyList<Condition> conditions)
    {
        var text = ReportText.Markdown(report);
        Console.Write(text);
        try
        {
            OutputFolder.Write(output, report, scored, conditions, text);
            Console.Error.WriteLine($"written to {Path.GetFullPath(output)}");
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            Console.Error.WriteLine($"'{output}' cannot be written: {e.Message}");
            return false;
        }
    }
}
