using System.CommandLine;
using System.Diagnostics;

namespace Deepfake.Cli.Commands;

/// <summary>
/// <c>deepfake evaluate …</c>: hands everything over to the embedded host, which measures the product on labelled media without a
/// service.
/// </summary>
internal static class EvaluateCommand
{
    private const string Host = "Deepfake.Standalone.dll";
    private const string Variable = "DEEPFAKE_STANDALONE";

    public static Command Create()
    {
        var rest = new Argument<string[]>("ARGUMENTS") { Description = "As ./run evaluate takes them; -- before the first option.", Arity = ArgumentArity.ZeroOrMore };
        var command = new Command("evaluate", $"Measures the product on labelled media, with the embedded host on this machine ({Variable} names its {Host}).") { rest };
        command.SetAction((parsed, cancellationToken) => RunAsync(parsed.GetValue(rest)!, cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(string[] arguments, CancellationToken cancellationToken)
    {
        if (Find() is not { } host)
        {
            await Console.Error.WriteLineAsync($"deepfake: The embedded host is not here. Name its {Host} in {Variable}.");
            return ExitCodes.Usage;
        }

        using var process = Process.Start(new ProcessStartInfo("dotnet", [host, "evaluate", .. arguments]) { UseShellExecute = false })!;
        try
        {
            await process.WaitForExitAsync(cancellationToken);
            return process.ExitCode;
        }
        catch (OperationCanceledException)
        {
            // An interrupt from the keyboard reaches the child as well: it removes what it made, and we wait for it.
            await process.WaitForExitAsync(CancellationToken.None);
            return ExitCodes.Interrupted;
        }
    }

    private static string? Find()
    {
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } named) return File.Exists(named) ? named : null;
        var output = new DirectoryInfo(AppContext.BaseDirectory);
        string[] places = [Path.Combine(output.FullName, Host), Path.Combine(output.FullName.Replace($"{Path.DirectorySeparatorChar}Cli{Path.DirectorySeparatorChar}", $"{Path.DirectorySeparatorChar}Standalone{Path.DirectorySeparatorChar}", StringComparison.Ordinal), Host)];
        return Array.Find(places, File.Exists);
    }
}
