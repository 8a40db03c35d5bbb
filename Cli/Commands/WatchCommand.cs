using System.CommandLine;
using System.Globalization;
using Deepfake.Client;
using Deepfake.Contracts;

namespace Deepfake.Cli.Commands;

/// <summary><c>deepfake watch ID</c></summary>
internal static class WatchCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var id = new Argument<string>("ID") { Description = "The analysis." };
        var json = new Option<bool>("--json") { Description = "One event a line, then the record." };
        var command = new Command("watch", "Follows an analysis to its end.") { id, json };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(
            parsed, client => ProgressDisplay.RunAsync(display => RunAsync(client, parsed.GetValue(id)!, parsed.GetValue(json), display, cancellationToken)), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DeepfakeClient client, string id, bool json, ProgressDisplay display, CancellationToken cancellationToken)
    {
        using var line = display.Begin(id);
        await foreach (var update in client.WatchAsync(id, cancellationToken: cancellationToken))
        {
            line.Show(update.Percent, Plain.Name(update.Stage));
            if (json) display.PrintJson(Plain.Json(update));
            else if (!display.HasBars) display.Print(string.Create(CultureInfo.InvariantCulture, $"{Plain.Name(update.Stage)} {update.Percent:0.#} %"));
        }

        var analysis = await client.GetAsync(id, cancellationToken);
        if (json) display.PrintJson(Plain.Json(analysis));
        else display.Print(Plain.Verdict(analysis.FileName ?? id, analysis));
        return analysis.Status == AnalysisStatus.Completed ? ExitCodes.Done : ExitCodes.Failed;
    }
}
