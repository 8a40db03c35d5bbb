using System.Diagnostics;
using System.Text;

namespace Deepfake.Infrastructure.Tests.Journals;

/// <summary>A folder with journals, and what a crash would leave of it: copies taken while they are open and locked.</summary>
internal sealed class DataImages : IDisposable
{
    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("compaction-");
    private int _count;

    public DataImages() => Live = _root.CreateSubdirectory("live").FullName;

    /// <summary>The folder in use.</summary>
    public string Live { get; }

    public string In(string name) => Path.Combine(Live, name);

    /// <summary>Copies the folder as it is now.</summary>
    /// <returns>The copy.</returns>
    public string Take()
    {
        var image = Path.Combine(_root.FullName, $"image-{Interlocked.Increment(ref _count)}");
        // A file renamed between its listing and its opening is an error to cp, and none here.
        using var copy = Process.Start(new ProcessStartInfo("cp", ["-r", Live, image]) { RedirectStandardError = true, UseShellExecute = false })!;
        copy.StandardError.ReadToEnd();
        copy.WaitForExit();
        return image;
    }

    /// <summary>What a file that is in use holds.</summary>
    public string Text(string name) => File.ReadAllText(Path.Combine(Take(), name), Encoding.UTF8);

    public void Dispose() => _root.Delete(recursive: true);
}
