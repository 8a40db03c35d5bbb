using System.CommandLine;
using System.Globalization;
using Deepfake.Client;
using Deepfake.Contracts;

namespace Deepfake.Cli.Commands;

/// <summary><c>deepfake analyze FILES…</c></summary>
internal sealed class AnalyzeCommand
{
    private readonly Argument<string[]> _files = new("FILES") { Description = "Images, animations, videos.", Arity = ArgumentArity.OneOrMore };
    private readonly Option<bool> _wait = new("--wait", "-w") { Description = "Wait for the verdicts; otherwise print the ids." };
    private readonly Option<bool> _json = new("--json") { Description = "One record a line, as the API answers it, in the order of the files." };
    private readonly Option<int> _parallel = new("--parallel", "-p") { Description = "Files at a time.", HelpName = "N", DefaultValueFactory = _ => 4 };
    private readonly Option<Lane?> _lane = new("--lane") { Description = "Queue.", HelpName = "interactive|batch" };
    private readonly Option<ThresholdProfile?> _profile = new("--profile") { Description = "Which thresholds make the verdict.", HelpName = "balanced|strict|sensitive" };
    private readonly Option<string?> _reference = new("--reference") { Description = "Your own name for it.", HelpName = "TEXT" };
    private readonly Option<string?> _webhook = new("--webhook") { Description = "Address, or id of an endpoint, that gets a notice at the end.", HelpName = "URL|ID" };
    private readonly Option<bool> _reuse = new("--reuse") { Description = "Take a finished result of the same file and models, if there is one." };
    private readonly Option<Verdict?> _failOn = new("--fail-on") { Description = "Exit with 10 if a verdict is that bad. Implies --wait.", HelpName = "suspicious|manipulated" };

    private AnalyzeCommand()
    {
    }

    public static Command Create(ConnectionOptions connection)
    {
        var self = new AnalyzeCommand();
        var command = new Command("analyze", "Submits files.")
        {
            self._files, self._wait, self._json, self._parallel, self._lane, self._profile, self._reference, self._webhook, self._reuse, self._failOn,
        };
        self._parallel.Validators.Add(result =>
        {
            if (result.GetValue(self._parallel) is < 1 or > 64) result.AddError("--parallel is a number from 1 to 64.");
        });
        self._failOn.Validators.Add(result =>
        {
            if (result.GetValue(self._failOn) is not (Verdict.Suspicious or Verdict.Manipulated)) result.AddError("--fail-on is 'suspicious' or 'manipulated'.");
        });
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, client => self.RunAsync(client, parsed, cancellationToken), cancellationToken));
        return command;
    }

    private async Task<int> RunAsync(DeepfakeClient client, ParseResult parsed, CancellationToken cancellationToken)
    {
        var files = parsed.GetValue(_files)!;
        var failOn = parsed.GetValue(_failOn);
        var wait = parsed.GetValue(_wait) || failOn is not null;
        var options = new SubmitOptions
        {
            Lane = parsed.GetValue(_lane),
            Profile = parsed.GetValue(_profile),
            Reference = parsed.GetValue(_reference),
            Webhook = parsed.GetValue(_webhook),
            Reuse = parsed.GetValue(_reuse),
        };
        return await ProgressDisplay.RunAsync(display => RunAsync(client, files, options, wait, failOn, parsed, display, cancellationToken));
    }

    private async Task<int> RunAsync(
        DeepfakeClient client, string[] files, SubmitOptions options, bool wait, Verdict? failOn, ParseResult parsed, ProgressDisplay display, CancellationToken cancellationToken)
    {
        using var slots = new SemaphoreSlim(parsed.GetValue(_parallel));
        var running = files.Select((file, index) => OneAsync(client, file, Title(index, files), options, wait, display, slots, cancellationToken)).ToList();
        var code = ExitCodes.Done;
        foreach (var outcome in running)
        {
            // In the order of the command line, each as soon as it and those before it are known.
            var (analysis, error, failure) = await outcome;
            var bad = analysis is null || analysis.Status is AnalysisStatus.Failed or AnalysisStatus.Cancelled;
            // The worst trouble decides: without service or key, the files are not to blame.
            if (bad) code = Math.Max(code == ExitCodes.Found ? 0 : code, failure);
            else if (code == ExitCodes.Done && failOn is { } threshold && Severity(analysis!.Verdict) >= Severity(threshold)) code = ExitCodes.Found;
            var file = files[running.IndexOf(outcome)];
            if (parsed.GetValue(_json)) display.PrintJson(analysis is null ? Plain.Json(new { FileName = Path.GetFileName(file), Status = AnalysisStatus.Failed, Error = error }) : Plain.Json(analysis));
            else if (analysis is null) display.Complain($"{file}: {error!.Code}: {error.Detail}");
            else display.Print(wait ? Plain.Verdict(file, analysis) : [analysis.Id]);
        }

        return code;
    }

    private static async Task<(Analysis? Analysis, AnalysisError? Error, int Failure)> OneAsync(
        DeepfakeClient client, string file, string title, SubmitOptions options, bool wait, ProgressDisplay display, SemaphoreSlim slots, CancellationToken cancellationToken)
    {
        await slots.WaitAsync(cancellationToken);
        using var line = display.Begin(title);
        try
        {
            var upload = new DirectProgress<TransferProgress>(sent => line.Show(100.0 * sent.Sent / Math.Max(1, sent.Total), "uploading"));
            var analysis = await client.SubmitFileAsync(file, options, upload, cancellationToken);
            if (wait && analysis.CompletedAt is null)
                analysis = await client.WaitAsync(analysis.Id, new DirectProgress<AnalysisUpdate>(update => line.Show(update.Percent, Note(update))), cancellationToken);
            return (analysis, null, ExitCodes.Failed);
        }
        catch (DeepfakeApiException e)
        {
            return (null, new AnalysisError(e.Code, e.Message), ConnectionOptions.CodeOf(e));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return (null, new AnalysisError("unreadable_file", e.Message), ExitCodes.Failed);
        }
        finally
        {
            slots.Release();
        }
    }

    private static string Title(int index, string[] files) =>
        (files.Length > 1 ? string.Create(CultureInfo.InvariantCulture, $"{index + 1}/{files.Length} ") : "") + Path.GetFileName(files[index]);

    private static string Note(AnalysisUpdate update) =>
        Plain.Name(update.Stage) + (update.SecondsRemaining is { } left ? string.Create(CultureInfo.InvariantCulture, $", about {Math.Ceiling(left):0} s left") : "");

    private static int Severity(Verdict? verdict) => verdict switch { Verdict.Manipulated => 2, Verdict.Suspicious => 1, _ => 0 };
}
