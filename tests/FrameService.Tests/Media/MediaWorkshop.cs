using System.Diagnostics;
using System.Globalization;
using Xunit;

namespace Deepfake.FrameService.Tests.Media;

/// <summary>Makes media out of the test photos, each once, in a folder that goes away at the end.</summary>
public sealed class MediaWorkshop : IDisposable
{
    private readonly Lock _lock = new();
    private readonly string _folder = Directory.CreateTempSubdirectory("frames-tests-").FullName;
    private readonly string? _outerTemp = Environment.GetEnvironmentVariable("TMPDIR");

    /// <summary>This process gets a folder for temporary files of its own, so that a test sees what is left in it.</summary>
    public MediaWorkshop()
    {
        Temp = Directory.CreateDirectory(Path.Combine(_folder, "temp")).FullName;
        Environment.SetEnvironmentVariable("TMPDIR", Temp);
    }

    /// <summary>Where this process puts temporary files.</summary>
    public string Temp { get; }

    /// <summary>Path of a file that <paramref name="arguments"/> of ffmpeg make; the output's name is added to them.</summary>
    public string Make(string name, params string[] arguments) => Once(name, path => Run("ffmpeg", ["-v", "error", "-nostdin", "-y", .. arguments, path]));

    /// <summary>Path of a file with these bytes.</summary>
    public string Write(string name, ReadOnlySpan<byte> bytes)
    {
        var path = Path.Combine(_folder, name);
        using (_lock.EnterScope()) File.WriteAllBytes(path, bytes);
        return path;
    }

    /// <summary>A file that <paramref name="make"/> writes to the given path.</summary>
    public string Once(string name, Action<string> make)
    {
        using (_lock.EnterScope())
        {
            var path = Path.Combine(_folder, name);
            if (!File.Exists(path)) make(path);
            return path;
        }
    }

    /// <summary>A photo at a given width in any still format.</summary>
    public string Still(string extension, int width = 960, params string[] more) =>
        Make($"still-{width}{string.Concat(more)}.{extension}".Replace('/', '_'), ["-i", Photos.Three, "-vf", $"scale={width}:-2", "-frames:v", "1", .. more]);

    /// <summary>A slow pan over a photo: <paramref name="seconds"/> at 25 frames a second, 640 × 426.</summary>
    public string Film(string extension, double seconds, params string[] codec)
    {
        var source = $"[0:v]scale=800:-2,crop=640:426:'min(160,t*20)':0,format=yuv420p";
        return Make(
            $"film-{seconds.ToString(CultureInfo.InvariantCulture)}{string.Concat(codec)}.{extension}".Replace(':', '_'),
            ["-loop", "1", "-framerate", "25", "-t", seconds.ToString(CultureInfo.InvariantCulture), "-i", Photos.Three, "-filter_complex", source, .. codec]);
    }

    /// <summary>Runs a tool.</summary>
    public static void Run(string program, IEnumerable<string> arguments)
    {
        using var process = Process.Start(new ProcessStartInfo(program, arguments) { RedirectStandardError = true, UseShellExecute = false })!;
        var errors = process.StandardError.ReadToEnd();
        process.WaitForExit();
        if (process.ExitCode != 0) throw new InvalidOperationException($"{program}: {errors}");
    }

    public void Dispose()
    {
        Environment.SetEnvironmentVariable("TMPDIR", _outerTemp);
        Directory.Delete(_folder, recursive: true);
    }
}

/// <summary>Tests that share the workshop and the detectors.</summary>
[CollectionDefinition(Name)]
public sealed class MediaTests : ICollectionFixture<MediaWorkshop>, ICollectionFixture<Detectors>
{
    public const string Name = "media";
}
