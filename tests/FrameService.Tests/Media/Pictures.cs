using Deepfake.FrameService.Decoding;

namespace Deepfake.FrameService.Tests.Media;

/// <summary>Pictures in memory.</summary>
internal static class Pictures
{
    /// <summary>Decodes a still with ffmpeg, at a given width where one is given.</summary>
    public static VideoFrame Decode(string path, int? width = null, params string[] filters)
    {
        List<string> chain = [.. filters, "format=rgb24"];
        if (width is { } w) chain.Insert(0, $"scale={w}:-2:flags=area");
        using var stream = new MemoryStream();
        using var process = System.Diagnostics.Process.Start(
            new System.Diagnostics.ProcessStartInfo("ffmpeg", ["-v", "error", "-nostdin", "-i", path, "-vf", string.Join(',', chain), "-frames:v", "1", "-c:v", "ppm", "-f", "image2pipe", "-"])
            { RedirectStandardOutput = true, UseShellExecute = false })!;
        process.StandardOutput.BaseStream.CopyTo(stream);
        process.WaitForExit();
        stream.Position = 0;
        return new PpmReader(stream, 100_000_000, 1_000_000_000).ReadAsync(CancellationToken.None).GetAwaiter().GetResult()!;
    }

    /// <summary>A picture of one colour.</summary>
    public static VideoFrame Plain(int width, int height, byte grey)
    {
        var frame = new VideoFrame(width, height);
        frame.Pixels.Span.Fill(grey);
        return frame;
    }

    /// <summary>Copies one picture into another.</summary>
    public static void Paste(this VideoFrame target, VideoFrame source, int x, int y)
    {
        for (var row = 0; row < source.Height; row++)
            source.View.Row(row).CopyTo(target.Pixels.Span.Slice(((y + row) * target.Width + x) * 3));
    }
}
