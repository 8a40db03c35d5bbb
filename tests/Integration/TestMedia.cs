using System.Diagnostics;

namespace Deepfake.Integration;

/// <summary>Media made with ffmpeg from the sample photos that set-up fetched.</summary>
internal sealed class TestMedia : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("deepfake-media-");

    /// <summary>Mixed media with faces, some of them truncated: stills, animations, films.</summary>
    public async Task<IReadOnlyList<(string Path, bool Broken)>> MixedAsync(int count)
    {
        var media = new List<(string, bool)>();
        for (var i = 0; i < count; i++)
        {
            var photo = Repository.Photo((i % 6) + 1);
            var path = (i % 10) switch
            {
                0 => await MakeAsync(photo, $"{i}.mp4", "-loop", "1", "-t", "2", "-vf", "scale=480:-2", "-r", "12", "-pix_fmt", "yuv420p"),
                1 => await MakeAsync(photo, $"{i}.gif", "-loop", "1", "-t", "1", "-vf", "scale=360:-2", "-r", "4"),
                2 => await MakeAsync(photo, $"{i}.png", "-frames:v", "1", "-vf", "scale=600:-2"),
                3 => await MakeAsync(photo, $"{i}.webp", "-frames:v", "1", "-vf", "scale=600:-2"),
                _ => await MakeAsync(photo, $"{i}.jpg", "-frames:v", "1", "-vf", $"scale={400 + (i * 4)}:-2"),
            };
            var broken = i % 15 == 14;
            if (broken) Truncate(path);
            media.Add((path, broken));
        }

        return media;
    }

    /// <summary>A film long enough to be killed in.</summary>
    public Task<string> FilmAsync(int seconds) =>
        MakeAsync(Repository.Photo(1), "film.mp4", "-loop", "1", "-t", $"{seconds}", "-vf", "scale=1280:-2", "-r", "25", "-pix_fmt", "yuv420p", "-preset", "ultrafast");

    /// <summary>A photo with a face.</summary>
    public Task<string> PhotoAsync(string name) => MakeAsync(Repository.Photo(1), name, "-frames:v", "1", "-vf", "scale=640:-2");

    /// <summary>A test pattern, still or moving by its name: nobody is in it.</summary>
    public Task<string> PatternAsync(string name) =>
        MakeAsync(Repository.Photo(1), name, [.. name.EndsWith(".mp4", StringComparison.Ordinal) ? (string[])["-loop", "1", "-t", "1", "-r", "10"] : ["-frames:v", "1"], "-vf", "scale=320:240,geq=lum=X:cb=128:cr=128", "-pix_fmt", "yuv420p"]);

    /// <summary>A copy of which the second half is missing.</summary>
    public static string HalfOf(string path)
    {
        var half = Path.Combine(Path.GetDirectoryName(path)!, $"half-{Path.GetFileName(path)}");
        File.Copy(path, half);
        Truncate(half);
        return half;
    }

    public void Dispose()
    {
        _folder.Refresh();
        if (_folder.Exists) _folder.Delete(recursive: true); // a failing clean-up would hide why a test failed
    }

    private static void Truncate(string path)
    {
        using var file = new FileStream(path, FileMode.Open);
        file.SetLength(file.Length / 2);
    }

    private async Task<string> MakeAsync(string photo, string name, params string[] arguments)
    {
        var path = Path.Combine(_folder.FullName, name);
        // Input options come first, the rest belongs to the output.
        var loop = arguments is ["-loop", "1", ..];
        var start = new ProcessStartInfo("ffmpeg") { RedirectStandardError = true, UseShellExecute = false };
        foreach (var argument in (string[])["-v", "error", "-y", .. loop ? arguments[..4] : [], "-i", photo, .. loop ? arguments[4..] : arguments, path]) start.ArgumentList.Add(argument);
        using var process = Process.Start(start)!;
        var errors = await process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0 ? path : throw new InvalidOperationException($"ffmpeg: {errors}");
    }
}
