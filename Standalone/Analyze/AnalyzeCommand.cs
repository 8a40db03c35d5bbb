using Deepfake.Standalone.Embedded;

namespace Deepfake.Standalone.Analyze;

/// <summary><c>analyze [--json] FILE…</c>: submits every file to an embedded service and prints what comes back.</summary>
internal static class AnalyzeCommand
{
    private const int AtOnce = 2;

    public static async Task<int> RunAsync(string[] arguments)
    {
        var json = arguments.Contains("--json");
        var files = arguments.Where(argument => argument != "--json").ToArray();
        if (files.Length == 0 || Array.Exists(files, file => file.StartsWith("--", StringComparison.Ordinal)))
        {
            await Console.Error.WriteLineAsync("usage: analyze [--json] FILE…");
            return 2;
        }

        using var stop = new Interrupt();
        try
        {
            await using var service = await EmbeddedService.StartAsync(stop.Token);
            using var slots = new SemaphoreSlim(AtOnce);
            var running = files.Select(file => AnalyzeAsync(service, file, slots, stop.Token)).ToList();
            var failures = 0;
            foreach (var analysis in running)
            {
                // In the order of the command line, each as soon as it and those before it are known.
                var outcome = await analysis;
                if (!outcome.Succeeded) failures++;
                Console.WriteLine(json ? outcome.Json : outcome.Text);
            }

            return failures == 0 ? 0 : 1;
        }
        catch (OperationCanceledException) when (stop.Token.IsCancellationRequested)
        {
            return 130;
        }
    }

    private static async Task<Outcome> AnalyzeAsync(EmbeddedService service, string file, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        try
        {
            var (analysis, error) = await service.AnalyzeAsync(file, cancellationToken);
            return analysis is null ? Outcome.Rejected(file, error!) : Outcome.Finished(file, analysis);
        }
        finally
        {
            slots.Release();
        }
    }
}
