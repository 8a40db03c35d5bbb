using System.Diagnostics;
using System.Globalization;

namespace Deepfake.Benchmarks;

/// <summary>The media to measure with, made once and kept below <c>.state/bench</c>.</summary>
internal sealed class Media
{
    private const int Photos = 6, SecondsEach = 5, Rate = 30;

    private Media(string photo, string folder)
    {
        Photo = photo;
        Clip = Path.Combine(folder, "clip-30s.mp4");
        Film = Path.Combine(folder, "film-20min.mp4");
        Bulk = Path.Combine(folder, "bulk-100mb.mp4");
    }

    /// <summary>A JPEG of 1920 × 1280 pixels with a face.</summary>
    public string Photo { get; }

    /// <summary>30 s of 1080p H.264: slow zooms into six photos.</summary>
    public string Clip { get; }

    /// <summary>The clip forty times, not encoded again.</summary>
    public string Film { get; }

    /// <summary>As large as an upload may be, begins like an MP4 and holds nothing: what is measured is the upload alone.</summary>
    public string Bulk { get; }

    /// <summary>Makes what is not there yet.</summary>
    /// <param name="root">The repository.</param>
    public static async Task<Media> PrepareAsync(string root)
    {
        var photos = Path.Combine(root, ".deps/npm/@vladmandic/face-api/demo");
        if (!Directory.Exists(photos)) throw new DirectoryNotFoundException("The photos are missing: eng/fetch-assets brings them.");
        var folder = Directory.CreateDirectory(Path.Combine(root, ".state/bench")).FullName;
        var media = new Media(Path.Combine(photos, "sample1.jpg"), folder);
        await OnceAsync(media.Clip, target => FfmpegAsync(
            [
                .. Enumerable.Range(1, Photos).SelectMany(i => new[] { "-i", Path.Combine(photos, $"sample{i}.jpg") }),
                "-filter_complex", Zooms(), "-map", "[out]", "-c:v", "libx264", "-preset", "veryfast", "-b:v", "4M", "-g", "60", "-f", "mp4", target,
            ]));
        await OnceAsync(media.Film, target => FfmpegAsync(["-stream_loop", "39", "-i", media.Clip, "-c", "copy", "-f", "mp4", target]));
        await OnceAsync(media.Bulk, WriteBulkAsync);
        return media;
    }

    /// <summary>Makes the picture that loads are made of: a JPEG of about 100 KB with faces.</summary>
    /// <param name="root">The repository.</param>
    public static async Task<string> LoadPictureAsync(string root)
    {
        var picture = Path.Combine(Directory.CreateDirectory(Path.Combine(root, ".state/bench")).FullName, "picture-100kb.jpg");
        await OnceAsync(picture, target => FfmpegAsync(["-i", Path.Combine(root, ".deps/npm/@vladmandic/face-api/demo/sample1.jpg"), "-vf", "scale=1280:-2", "-q:v", "3", "-f", "mjpeg", target]));
        return picture;
    }

    private static string Zooms()
    {
        var parts = Enumerable.Range(0, Photos).Select(i =>
            $"[{i}]scale=2880:1620:force_original_aspect_ratio=increase,crop=2880:1620,zoompan=z='1+0.0015*on':x='(iw-iw/zoom)/2':y='(ih-ih/zoom)/2'"
            + $":d={SecondsEach * Rate}:s=1920x1080:fps={Rate},setsar=1,format=yuv420p[v{i}];");
        return string.Concat(parts) + string.Concat(Enumerable.Range(0, Photos).Select(i => $"[v{i}]")) + $"concat=n={Photos}:v=1[out]";
    }

    private static async Task OnceAsync(string path, Func<string, Task> make)
    {
        if (File.Exists(path)) return;
        Console.WriteLine($"making {Path.GetFileName(path)} ...");
        var unfinished = path + ".part";
        await make(unfinished);
        File.Move(unfinished, path, overwrite: true);
    }

    private static async Task FfmpegAsync(string[] arguments)
    {
        using var process = Process.Start(new ProcessStartInfo("ffmpeg", ["-nostdin", "-v", "error", "-y", .. arguments]))!;
        await process.WaitForExitAsync();
        if (process.ExitCode != 0) throw new InvalidOperationException(string.Create(CultureInfo.InvariantCulture, $"ffmpeg ended with {process.ExitCode}."));
    }

    private static async Task WriteBulkAsync(string path)
    {
        const int Length = 100 * 1024 * 1024, FileType = 24;
        await using var file = File.Create(path);
        await file.WriteAsync("\0\0\0\u0018ftypisom\0\0\u0002\0isomavc1"u8.ToArray());
        byte[] header = [.. BitConverter.GetBytes(Length - FileType).Reverse(), .. "free"u8];
        await file.WriteAsync(header);
        // Not zeros: nothing on the way shall get away with an empty block.
        var random = new Random(1);
        var block = new byte[1024 * 1024];
        while (file.Length < Length)
        {
            random.NextBytes(block);
            await file.WriteAsync(block.AsMemory(0, (int)Math.Min(block.Length, Length - file.Length)));
        }
    }
}
