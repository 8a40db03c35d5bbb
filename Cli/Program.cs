using System.CommandLine;
using Deepfake.Cli;
using Deepfake.Cli.Commands;

var connection = new ConnectionOptions();
var root = new RootCommand("Asks a Deepfake.Aspire service how likely it is that faces in media were manipulated, and shows why.")
{
    AnalyzeCommand.Create(connection),
    WatchCommand.Create(connection),
    ListCommand.Create(connection),
    ReportCommand.Create(connection),
    EvaluateCommand.Create(),
    KeysCommand.Create(connection),
    ModelsCommand.Create(connection),
};
root.Options.Add(connection.Server);
root.Options.Add(connection.Key);

var parsed = root.Parse(args);
if (parsed.Errors.Count == 0) return await parsed.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false });
foreach (var error in parsed.Errors) await Console.Error.WriteLineAsync("deepfake: " + error.Message);
await Console.Error.WriteLineAsync("deepfake --help shows what there is.");
return ExitCodes.Usage;
