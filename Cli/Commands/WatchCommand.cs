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
            parsed, client => RunAsync(client, parsed.GetValue(id)!, parsed.GetValue(json), cancellationToken), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(DeepfakeClient client, string id, bool json, CancellationToken cancellationToken)
    {
        using var status = new StatusLine();
        await foreach (var update in client.WatchAsync(id, cancellationToken: cancellationToken))
        {
            if (json) status.Print(Plain.Json(update));
            else if (!Console.IsErrorRedirected) status.Show(id, update.Percent, Plain.Name(update.Stage));
            else status.Print(string.Create(CultureInfo.InvariantCulture, $"{Plain.Name(update.Stage)} {update.Percent:0.#} %"));
        }

        var analysis = await client.GetAsync(id, cancellationToken);
        status.Print(json ? Plain.Json(analysis) : Plain.Verdict(analysis.FileName ?? id, analysis));
        return analysis.Status == AnalysisStatus.Completed ? ExitCodes.Done : ExitCodes.Failed;
    }
}
