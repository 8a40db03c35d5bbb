using System.Globalization;

namespace Deepfake.Benchmarks.Load;

/// <summary><c>load [embedded|services|backlog|kills]… [--rate=200] [--seconds=60] [--kills=200]</c>: how much the product accepts.</summary>
internal static class LoadCommand
{
    /// <summary>Runs it.</summary>
    public static async Task RunAsync(string root, string[] arguments)
    {
        var figures = new LoadFigures(await File.ReadAllBytesAsync(await Media.LoadPictureAsync(root)), Number("rate", 200), Number("seconds", 60));
        string[] wanted = [.. arguments.Where(argument => !argument.StartsWith("--", StringComparison.Ordinal))];
        Console.WriteLine(Machine.Name);
        Console.WriteLine($"load before: {Machine.Load} (others' work makes every figure worse)");
        if (Wants("embedded")) await figures.EmbeddedAsync();
        if (Wants("backlog")) await figures.BacklogAsync();
        if (Wants("services")) await figures.ServicesAsync();
        // Takes long: only when named.
        if (wanted.Contains("kills")) await figures.KillsAsync((int)Number("kills", 200));
        Console.WriteLine($"load after: {Machine.Load}");

        bool Wants(string part) => wanted.Length == 0 || wanted.Contains(part);
        double Number(string name, double otherwise) =>
            arguments.FirstOrDefault(argument => argument.StartsWith($"--{name}=", StringComparison.Ordinal)) is { } found ? double.Parse(found.Split('=')[1], CultureInfo.InvariantCulture) : otherwise;
    }
}
