using System.CommandLine;

namespace Deepfake.Cli.Commands;

/// <summary><c>deepfake report ID</c></summary>
internal static class ReportCommand
{
    public static Command Create(ConnectionOptions connection)
    {
        var id = new Argument<string>("ID") { Description = "An analysis that is over." };
        var output = new Option<string?>("--output", "-o") { Description = "File to write; '-' for standard output. ID.html if left out." };
        var command = new Command("report", "Saves the report: one HTML file.") { id, output };
        command.SetAction((parsed, cancellationToken) => connection.RunAsync(parsed, async client =>
        {
            using var report = new MemoryStream(); // whole or not at all
            await client.SaveReportAsync(parsed.GetValue(id)!, report, cancellationToken);
            var target = parsed.GetValue(output) ?? Path.GetFileName(parsed.GetValue(id)) + ".html";
            report.Position = 0;
            await using var stream = target == "-" ? Console.OpenStandardOutput() : File.Create(target);
            await report.CopyToAsync(stream, cancellationToken);
            if (target != "-") await Console.Out.WriteLineAsync(target);
            return ExitCodes.Done;
        }, cancellationToken));
        return command;
    }
}
