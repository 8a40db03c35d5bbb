using System.Collections.Concurrent;
using System.Diagnostics;

namespace Deepfake.IngestService.Tests;

/// <summary>Small real files of every format, made by ffmpeg once a run.</summary>
internal static class SampleMedia
{
    private static readonly ConcurrentDictionary<string, Lazy<byte[]>> Cache = new();

    /// <summary>64 × 48 pixels, half a second where it moves.</summary>
    /// <param name="name">File extension, which decides the container, and what follows a colon the arguments.</param>
    public static byte[] Make(string name) => Cache.GetOrAdd(name, key => new Lazy<byte[]>(() => Run(key))).Value;

    private static byte[] Run(string name)
    {
        var parts = name.Split(':', 2);
        var file = Path.Combine(Path.GetTempPath(), $"{Guid.NewGuid():n}.{parts[0]}");
        string[] arguments =
        [
            "-v", "error", "-f", "lavfi", "-i", "testsrc=size=64x48:rate=10:duration=0.5", .. parts.Length > 1 ? parts[1].Split(' ') : [], "-y", file,
        ];
        var start = new ProcessStartInfo("ffmpeg", arguments) { RedirectStandardError = true, UseShellExecute = false };
        using var ffmpeg = Process.Start(start)!;
        var errors = ffmpeg.StandardError.ReadToEnd();
        ffmpeg.WaitForExit();
        Assert.True(ffmpeg.ExitCode == 0, $"{string.Join(' ', arguments)}: {errors}");
        var bytes = File.ReadAllBytes(file);
        File.Delete(file);
        return bytes;
    }
}
