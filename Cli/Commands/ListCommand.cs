using System.CommandLine;
using System.Globalization;
using Deepfake.Client;
using Deepfake.Contracts;

namespace Deepfake.Cli.Commands;

/// <summary><c>deepfake list</c></summary>
internal static class ListCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var limit = new Option<int>("--limit", "-n") { Description = "How many.", HelpName = "N", DefaultValueFactory = _ => 20 };
        var verdict = new Option<Verdict?>("--verdict") { Description = "Only this verdict.", HelpName = "VERDICT" };
        var status = new Option<AnalysisStatus?>("--status") { Description = "Only this status.", HelpName = "STATUS" };
        var reference = new Option<string?>("--reference") { Description = "Only this reference.", HelpName = "TEXT" };
        var text = new Option<string?>("--search") { Description = "Only with this in file name or reference.", HelpName = "TEXT" };
        var json = new Option<bool>("--json") { Description = "One entry a line." };
        var command = new Command("list", "Lists analyses, newest first.") { limit, verdict, status, reference, text, json };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            var query = new AnalysisQuery { Verdict = parsed.GetValue(verdict), Status = parsed.GetValue(status), Reference = parsed.GetValue(reference), Text = parsed.GetValue(text) };
            var items = new List<AnalysisSummary>();
            await foreach (var item in client.ListAsync(query, cancellationToken))
            {
                if (items.Count >= parsed.GetValue(limit)) break;
                items.Add(item);
            }

            if (parsed.GetValue(json)) Terminal.PrintJson(items);
            else Terminal.PrintTable(["Id", "Submitted (UTC)", "Verdict", "Score", "Name"], [.. items.Select(Row)]);
            return ExitCodes.Done;
        }, cancellationToken));
        return command;
    }

    private static StyledText[] Row(AnalysisSummary item) =>
    [
        item.Id,
        item.CreatedAt.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture),
        item.Verdict is { } verdict ? Plain.Word(verdict) : new StyledText(item.ErrorCode ?? Plain.Name(item.Status), item.ErrorCode is null ? Colour.None : Colour.Bad),
        item.DeepfakeScore?.ToString("0", CultureInfo.InvariantCulture) ?? "-",
        item.FileName ?? item.Reference,
    ];
}
